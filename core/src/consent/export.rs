//! Receipts as a document that leaves the phone in the shopper's hand, and the check that anybody can run on it.
//!
//! The fields follow ISO/IEC TS 27560; `docs/receipts.md` has the table. Enters: a chain, or a document from anywhere.
//! Must never hold behaviour.

use serde::{Deserialize, Serialize};

use super::receipt::{ReceiptChain, verify_chain};
use super::{Consent, ConsentMethod, Origin, PersonalizationLevel, Purpose, Receipt};
use crate::error::{Error, Result};

/// Names the kind of document.
const FORMAT: &str = "tastekeeper-receipts";
/// The version of the document's layout.
const VERSION: u32 = 1;
/// Largest document in bytes.
const MAX_DOCUMENT_BYTES: usize = 1 << 20;
/// Most receipts of a document.
const MAX_RECEIPTS: usize = 1_000;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    format: String,
    version: u32,
    /// The hash before the first receipt, hexadecimal.
    chain_start: String,
    receipts: Vec<Record>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Record {
    level: PersonalizationLevel,
    purposes: Vec<Purpose>,
    origin: Origin,
    event_time_ms: i64,
    expires_ms: i64,
    notice: Option<Notice>,
    chain: String,
    seal: Option<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Notice {
    version: String,
    hash: Option<String>,
    locale: String,
    surface: String,
    method: ConsentMethod,
}

/// What a valid document says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedReceipts {
    /// The receipts, oldest first.
    pub receipts: Vec<Receipt>,
    /// Whether the first receipt is the first there ever was; older ones are dropped when there are many.
    pub is_complete: bool,
}

/// The document of a chain.
pub(crate) fn export(chain: &ReceiptChain) -> Result<String> {
    let records = chain.receipts().iter().map(|receipt| Record {
        level: receipt.level,
        purposes: receipt.level.purposes().to_vec(),
        origin: receipt.origin,
        event_time_ms: receipt.time_ms,
        expires_ms: receipt.expires_ms,
        notice: receipt.consent.as_ref().map(|consent| Notice {
            version: consent.notice_version.clone(),
            hash: consent.notice_hash.map(|hash| to_hex(&hash)),
            locale: consent.locale.clone(),
            surface: consent.surface.clone(),
            method: consent.method,
        }),
        chain: to_hex(&receipt.chain),
        seal: receipt.seal.map(|seal| to_hex(&seal)),
    });
    let document = Document {
        format: FORMAT.into(),
        version: VERSION,
        chain_start: to_hex(chain.start()),
        receipts: records.collect(),
    };
    serde_json::to_string_pretty(&document).map_err(|error| Error::Internal { reason: error.to_string() })
}

/// Checks a document of receipts from anywhere: that it is whole, that each receipt follows from the one before, and that
/// the purposes are the level's.
///
/// A chain shows changes to whoever knows its last hash; anybody can make a new chain. Whether a document is from *this*
/// phone, [`Recommender::owns_receipts`](crate::Recommender::owns_receipts) tells.
///
/// # Errors
/// [`Error::InvalidArgument`] for `receipts` or a field of one, saying what does not hold.
pub fn verify_receipts(document: &str) -> Result<VerifiedReceipts> {
    let wrong = |reason: &str| Error::invalid("receipts", reason);
    if document.len() > MAX_DOCUMENT_BYTES {
        return Err(Error::invalid("receipts", format!("must be at most {MAX_DOCUMENT_BYTES} bytes")));
    }
    // serde_json's own messages may quote the document
    let parsed: Document = serde_json::from_str(document).map_err(|error| {
        wrong(&format!("is no document of receipts (line {}, column {})", error.line(), error.column()))
    })?;
    if parsed.format != FORMAT {
        return Err(wrong("is another kind of document"));
    }
    if parsed.version != VERSION {
        return Err(Error::invalid("receipts.version", format!("must be {VERSION}")));
    }
    if parsed.receipts.len() > MAX_RECEIPTS {
        return Err(Error::invalid("receipts", format!("must be at most {MAX_RECEIPTS} receipts")));
    }
    let start = from_hex(&parsed.chain_start)
        .ok_or_else(|| Error::invalid("receipts.chain_start", "must be 64 hexadecimal digits"))?;
    let mut receipts = Vec::with_capacity(parsed.receipts.len());
    for (place, record) in parsed.receipts.into_iter().enumerate() {
        let field = |name: &str| format!("receipts[{place}].{name}");
        let hash = |name: &str, text: &str| {
            from_hex(text).ok_or_else(|| Error::invalid(field(name), "must be 64 hexadecimal digits"))
        };
        if record.purposes != record.level.purposes() {
            return Err(Error::invalid(field("purposes"), "are not those of the level"));
        }
        let consent = match record.notice {
            None => None,
            Some(notice) => {
                let notice_hash = notice.hash.map(|text| hash("notice.hash", &text)).transpose()?;
                let (notice_version, locale, surface) = (notice.version, notice.locale, notice.surface);
                Some(Consent { notice_version, notice_hash, locale, surface, method: notice.method })
            }
        };
        receipts.push(Receipt {
            level: record.level,
            origin: record.origin,
            time_ms: record.event_time_ms,
            expires_ms: record.expires_ms,
            consent,
            chain: hash("chain", &record.chain)?,
            seal: record.seal.map(|text| hash("seal", &text)).transpose()?,
        });
    }
    match verify_chain(&start, &receipts) {
        None => Ok(VerifiedReceipts { receipts, is_complete: start == [0; 32] }),
        Some(place) => Err(Error::invalid(
            format!("receipts[{place}].chain"),
            "does not follow: this receipt or one before it was changed, added or removed",
        )),
    }
}

fn to_hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn from_hex(text: &str) -> Option<[u8; 32]> {
    let digits: Option<Vec<u8>> =
        text.chars().map(|digit| digit.to_digit(16).and_then(|value| u8::try_from(value).ok())).collect();
    let digits = digits.filter(|digits| digits.len() == 64)?;
    let mut bytes = [0; 32];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = pair[0] * 16 + pair[1];
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::super::receipt::Change;
    use super::*;
    use crate::platform::SeededRandom;
    use crate::store::CallRandom;

    fn chain(receipts: i64) -> ReceiptChain {
        let mut chain = ReceiptChain::default();
        for time_ms in 0..receipts {
            let level = match time_ms % 3 {
                0 => PersonalizationLevel::OnDevice,
                1 => PersonalizationLevel::Shared,
                _ => PersonalizationLevel::Off,
            };
            let consent = (time_ms % 3 < 2).then(|| Consent::new("2026-\"01\"").with_notice_text("a notice"));
            let change = Change { level, origin: Origin::Shopper, time_ms, expires_ms: 99, consent };
            chain.append(change, &mut CallRandom::draw(&SeededRandom::new(1)));
        }
        chain
    }

    #[test]
    fn a_document_says_what_the_chain_says() {
        for receipts in [0, 1, 6, 40] {
            let chain = chain(receipts);
            let found = verify_receipts(&export(&chain).unwrap()).unwrap();
            assert_eq!(found.receipts, chain.receipts());
            assert_eq!(found.is_complete, receipts < 40);
        }
    }

    #[test]
    fn a_changed_document_is_refused_by_the_place() {
        let document = export(&chain(6)).unwrap();
        let changes = [
            ("\"OnDevice\"", "\"Session\"", "receipts[0].purposes"),
            ("\"event_time_ms\": 3", "\"event_time_ms\": 4", "receipts[3].chain"),
            ("\"locale\": \"en\"", "\"locale\": \"de\"", "receipts[0].chain"),
            ("\"origin\": \"Shopper\"", "\"origin\": \"Platform\"", "receipts[0].chain"),
            ("\"version\": 1", "\"version\": 2", "receipts.version"),
            (FORMAT, "something-else", "receipts"),
            ("\"receipts\"", "\"recipes\"", "receipts"),
            ("\"History\"", "\"Histories\"", "receipts"),
        ];
        for (from, to, expected) in changes {
            let changed = document.replacen(from, to, 1);
            assert_ne!(changed, document);
            match verify_receipts(&changed).unwrap_err() {
                Error::InvalidArgument { field, .. } => assert_eq!(field, expected, "{from} -> {to}"),
                other => panic!("{other}"),
            }
        }
    }

    #[test]
    fn no_message_quotes_the_document() {
        let error = verify_receipts("{\"format\": \"secret-canary\", \"secret\": 1}").unwrap_err();
        assert!(!error.to_string().contains("secret"), "{error}");
        assert!(verify_receipts(&" ".repeat(MAX_DOCUMENT_BYTES + 1)).is_err());
        assert!(verify_receipts("").is_err());
    }
}
