//! Writes consent strings, from the specifications of the IAB Tech Lab: what the engine reads, written the other way round.

use std::collections::BTreeMap;

/// Bits, first to last.
#[derive(Clone, Debug, Default)]
pub struct Bits(Vec<bool>);

impl Bits {
    /// Appends `width` bits of `number`, the highest first.
    #[must_use]
    pub fn put(mut self, number: u64, width: u32) -> Self {
        self.0.extend((0..width).rev().map(|place| number >> place & 1 == 1));
        self
    }

    /// Appends one bit for each of the numbers 1 to `count`.
    #[must_use]
    pub fn set(mut self, numbers: &[u8], count: u8) -> Self {
        self.0.extend((1..=count).map(|number| numbers.contains(&number)));
        self
    }

    /// Appends a number of at least 1 in Fibonacci code.
    #[must_use]
    pub fn fibonacci(mut self, mut number: u16) -> Self {
        let mut weights = vec![1_u16, 2];
        while weights[weights.len() - 1] <= number {
            weights.push(weights[weights.len() - 1] + weights[weights.len() - 2]);
        }
        let mut code = Vec::new();
        for weight in weights.into_iter().rev() {
            let fits = weight <= number;
            if fits {
                number -= weight;
            }
            if fits || !code.is_empty() {
                code.push(fits);
            }
        }
        self.0.extend(code.into_iter().rev());
        self.0.push(true);
        self
    }

    /// Base64url, filled up with zeros.
    #[must_use]
    pub fn text(&self) -> String {
        let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        let value = |six: &[bool]| {
            (0..6).fold(0, |value, place| value << 1 | usize::from(six.get(place) == Some(&true)))
        };
        self.0.chunks(6).map(|six| char::from(alphabet[value(six)])).collect()
    }
}

/// The header of a GPP string with these sections, ascending.
#[must_use]
pub fn header(ids: &[u16]) -> String {
    let mut runs: Vec<(u16, u16)> = Vec::new();
    for &id in ids {
        match runs.last_mut() {
            Some((_, last)) if *last + 1 == id => *last = id,
            _ => runs.push((id, id)),
        }
    }
    let mut bits = Bits::default().put(3, 6).put(1, 6).put(runs.len() as u64, 12);
    let mut before = 0;
    for (first, last) in runs {
        bits = bits.put(u64::from(first != last), 1).fibonacci(first - before);
        if first != last {
            bits = bits.fibonacci(last - first);
        }
        before = last;
    }
    bits.text()
}

/// A GPP string with its header.
#[must_use]
pub fn gpp(sections: &BTreeMap<u16, String>) -> String {
    let ids: Vec<u16> = sections.keys().copied().collect();
    sections.values().fold(header(&ids), |text, section| text + "~" + section)
}

/// What is said in a European or Canadian consent string.
#[derive(Clone, Debug)]
pub struct ConsentString {
    /// When it was last updated, in milliseconds since 1970.
    pub updated_ms: u64,
    /// The platform.
    pub cmp_id: u16,
    /// The version of the policy.
    pub policy: u8,
    /// Purposes with consent for vendors.
    pub vendor: Vec<u8>,
    /// Vendors with consent, as single ids.
    pub vendors: Vec<u16>,
    /// Purposes and custom purposes with consent for the publisher, if there is a segment.
    pub publisher: Option<(Vec<u8>, Vec<u8>)>,
}

impl ConsentString {
    /// As section 2 and `IABTCF_TCString` carry it.
    #[must_use]
    pub fn european(&self) -> String {
        let bits = self.head(2).put(0b10, 2).put(0, 12).set(&self.vendor, 24).set(&[7, 9], 24);
        self.tail(self.list(bits.put(0, 1 + 12)).put(0, 16).put(0, 1).put(0, 12))
    }

    /// As section 5 carries it.
    #[must_use]
    pub fn canadian(&self) -> String {
        let bits = self.head(1).put(0, 1).put(0, 12).set(&self.vendor, 24).set(&[1, 5, 6], 24);
        self.tail(self.list(bits).put(0, 16).put(0, 1).put(0, 12))
    }

    fn head(&self, version: u64) -> Bits {
        let tenths = self.updated_ms / 100;
        let bits = Bits::default().put(version, 6).put(tenths, 36).put(tenths, 36);
        let bits = bits.put(self.cmp_id.into(), 12).put(1, 12).put(1, 6).put(0, 12).put(100, 12);
        bits.put(self.policy.into(), 6)
    }

    /// The vendors as ranges of one.
    fn list(&self, bits: Bits) -> Bits {
        let last = self.vendors.iter().max().copied().unwrap_or(0);
        let bits = bits.put(last.into(), 16).put(1, 1).put(self.vendors.len() as u64, 12);
        self.vendors.iter().fold(bits, |bits, id| bits.put(0, 1).put((*id).into(), 16))
    }

    fn tail(&self, core: Bits) -> String {
        let Some((purposes, custom)) = &self.publisher else { return core.text() };
        let count = custom.iter().max().copied().unwrap_or(0);
        let segment = Bits::default().put(3, 3).set(purposes, 24).set(&[1, 5, 6, 11], 24);
        let segment = segment.put(count.into(), 6).set(custom, count).put(u64::MAX, count.into());
        core.text() + "." + &segment.text()
    }
}

/// One national or state section: two-bit fields by their groups.
#[derive(Clone, Debug)]
pub struct StateSection {
    /// The id of the section, 7 to 23.
    pub id: u16,
    /// Opt-outs in the order of the section: sale, then sharing, targeted advertising or both.
    pub opt_outs: Vec<u8>,
    /// Consents for children.
    pub children: Vec<u8>,
    /// What fills every other field.
    pub filling: u8,
    /// The Global Privacy Control segment.
    pub control: Option<bool>,
}

/// Id, version, notices, opt-outs, sensitive data, consents for children, whether another consent follows them, and
/// whether there may be a segment with the Global Privacy Control.
pub type StateLayout = (u16, u64, usize, usize, usize, usize, bool, bool);

/// The sections 7 to 23 in their newest versions.
pub const STATES: &[StateLayout] = &[
    (7, 2, 6, 3, 16, 3, true, true),
    (8, 1, 3, 2, 9, 2, true, true),
    (9, 1, 3, 2, 8, 1, false, false),
    (10, 1, 3, 2, 7, 1, false, true),
    (11, 1, 4, 2, 8, 1, false, false),
    (12, 1, 3, 2, 8, 3, false, true),
    (13, 1, 3, 2, 8, 3, true, false),
    (14, 1, 3, 2, 8, 3, true, true),
    (15, 1, 3, 2, 11, 3, true, true),
    (16, 1, 3, 2, 8, 1, true, true),
    (17, 1, 3, 2, 9, 5, true, true),
    (18, 1, 4, 2, 8, 1, false, true),
    (19, 1, 3, 2, 8, 1, true, true),
    (20, 1, 3, 2, 8, 3, true, true),
    (21, 1, 3, 2, 10, 5, true, true),
    (22, 1, 3, 2, 8, 1, true, true),
    (23, 1, 3, 2, 8, 1, true, true),
];

impl StateSection {
    /// The section's text. Fields that its kind does not have are left out, and those that are not given are 0.
    ///
    /// # Panics
    /// For an id outside 7 to 23.
    #[must_use]
    pub fn text(&self) -> String {
        let (_, version, notices, opt_outs, sensitive, children, more, has_control) =
            *STATES.iter().find(|state| state.0 == self.id).expect("a state");
        let some = |values: &[u8], count: usize| -> Vec<u8> {
            (0..count).map(|place| values.get(place).copied().unwrap_or(0)).collect()
        };
        let mut fields = vec![self.filling; notices];
        fields.extend(some(&self.opt_outs, opt_outs));
        fields.extend(vec![self.filling; sensitive]);
        fields.extend(some(&self.children, children));
        fields.extend(vec![self.filling; usize::from(more)]);
        fields.extend([1, self.filling, self.filling]);
        let core = Bits::default().put(version, 6);
        let core = fields.into_iter().fold(core, |bits, field| bits.put(field.into(), 2)).text();
        match self.control.filter(|_| has_control) {
            Some(on) => core + "." + &Bits::default().put(1, 2).put(on.into(), 1).text(),
            None => core,
        }
    }
}
