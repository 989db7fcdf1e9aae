//! Signals of a consent platform lower the level or leave it alone, for the reasons the standards give, and everything
//! that is absent, unknown or broken counts as a no.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use tastekeeper::PersonalizationLevel as Level;
use tastekeeper::consent::cmp::{self, CmpOutcome, CmpPolicy, CmpSignals, SignalValue};
use tastekeeper::mutants::Mutant;
use tastekeeper_tests::cmp_fixtures::{self, Fixture};
use tastekeeper_tests::consent_strings::{ConsentString, STATES, StateSection, gpp};
use tastekeeper_tests::phone::START_MS;
use tastekeeper_tests::promise::{Checked, ensure, must_catch};

const DAY_MS: i64 = 86_400_000;

fn decide(pairs: &[(String, SignalValue)], policy: &CmpPolicy) -> CmpOutcome {
    cmp::decide(&CmpSignals::new(pairs.to_vec()).expect("sound pairs"), policy, START_MS)
}

/// No signal caps nothing.
fn height(outcome: &CmpOutcome) -> Level {
    outcome.cap.unwrap_or(Level::Shared)
}

fn every_fixture_holds() -> Checked {
    for Fixture { name, pairs, policy, cap, reasons } in cmp_fixtures::all() {
        let outcome = decide(&pairs, &policy);
        let sentences: Vec<String> = outcome.decisions.iter().map(ToString::to_string).collect();
        ensure(outcome.cap == cap, || {
            format!("{name}: {:?} instead of {cap:?}, {sentences:#?}", outcome.cap)
        })?;
        ensure(sentences == reasons, || format!("{name}: {sentences:#?} instead of {reasons:#?}"))?;
        let lowest = outcome.decisions.iter().map(|decision| decision.cap.unwrap_or(Level::Shared)).min();
        ensure(outcome.cap == lowest, || format!("{name}: the cap is not the lowest of its reasons"))?;
        let reversed: Vec<_> = pairs.into_iter().rev().collect();
        ensure(decide(&reversed, &policy) == outcome, || format!("{name}: the order of the keys counts"))?;
    }
    Ok(())
}

#[test]
fn fixtures() {
    every_fixture_holds().unwrap();
    for mutant in [
        Mutant::CmpRaises,
        Mutant::CmpUnknownSectionIgnored,
        Mutant::CmpEmptyMeansYes,
        Mutant::CmpUndefinedMeansNo,
        Mutant::CmpOldConsentCounts,
    ] {
        must_catch(mutant, every_fixture_holds);
    }
}

#[test]
fn there_are_fixtures_for_everything() {
    let all = cmp_fixtures::all();
    let names: BTreeSet<&str> = all.iter().map(|fixture| fixture.name.as_str()).collect();
    assert_eq!(names.len(), all.len(), "a name comes twice");
    assert!(all.len() >= 150, "{} fixtures", all.len());
    let caps: BTreeSet<_> = all.iter().map(|fixture| fixture.cap).collect();
    assert_eq!(caps.len(), 5, "every level and none: {caps:?}");
}

/// A phone with a platform, described by what is meant and not by its bits.
#[derive(Clone, Debug)]
struct World {
    tcf: Option<Tcf>,
    states: BTreeMap<u16, StateSection>,
    unknown: BTreeSet<u16>,
    /// Whether the platform says which sections apply. It names every second one of them.
    names_sections: bool,
    /// Whether every section has a key of its own, beside the string.
    own_keys: bool,
    share: bool,
}

#[derive(Clone, Debug)]
struct Tcf {
    applies: Option<bool>,
    policy_version: u8,
    cmp_id: u16,
    age_days: i64,
    purposes: BTreeSet<u8>,
    custom: bool,
    segment: bool,
}

impl World {
    fn policy(&self) -> CmpPolicy {
        CmpPolicy { share_custom_purpose: self.share.then_some(3), ..CmpPolicy::default() }
    }

    fn sections(&self) -> BTreeMap<u16, String> {
        let states = self.states.iter().map(|(id, section)| (*id, section.text()));
        states.chain(self.unknown.iter().map(|id| (*id, "BAAA".to_owned()))).collect()
    }

    /// Every second section, from the first.
    fn applying(&self) -> Vec<u16> {
        self.sections().into_keys().step_by(if self.names_sections { 2 } else { 1 }).collect()
    }

    fn pairs(&self) -> Vec<(String, SignalValue)> {
        let mut pairs: Vec<(String, SignalValue)> = vec![("shop_theme".into(), "dark".into())];
        if let Some(tcf) = &self.tcf {
            let bits = |count: u8| -> String {
                (1..=count).map(|purpose| if tcf.purposes.contains(&purpose) { '1' } else { '0' }).collect()
            };
            if let Some(applies) = tcf.applies {
                pairs.push(("IABTCF_gdprApplies".into(), i64::from(applies).into()));
            }
            let custom = if tcf.custom { "001" } else { "110" };
            let string = ConsentString {
                updated_ms: u64::try_from(START_MS - tcf.age_days * DAY_MS).expect("after 1970"),
                cmp_id: tcf.cmp_id,
                policy: tcf.policy_version,
                vendor: vec![1, 2, 5, 6],
                vendors: vec![4, 28],
                publisher: tcf.segment.then(|| {
                    (tcf.purposes.iter().copied().collect(), if tcf.custom { vec![3] } else { vec![1, 2] })
                }),
            };
            pairs.extend([
                ("IABTCF_PolicyVersion".into(), i64::from(tcf.policy_version).into()),
                ("IABTCF_CmpSdkID".into(), i64::from(tcf.cmp_id).into()),
                ("IABTCF_TCString".into(), SignalValue::Text(string.european())),
                ("IABTCF_PurposeConsents".into(), "11111111111".into()),
                ("IABTCF_PublisherLegitimateInterests".into(), "11111111111".into()),
                ("IABTCF_PublisherConsent".into(), SignalValue::Text(bits(11))),
                ("IABTCF_PublisherCustomPurposesConsents".into(), custom.into()),
            ]);
        }
        let sections = self.sections();
        if !sections.is_empty() {
            pairs.push(("IABGPP_HDR_GppString".into(), SignalValue::Text(gpp(&sections))));
            if self.names_sections {
                let ids: Vec<String> = self.applying().iter().map(ToString::to_string).collect();
                pairs.push(("IABGPP_GppSID".into(), SignalValue::Text(ids.join("_"))));
            }
            if self.own_keys {
                let key = |(id, text)| (format!("IABGPP_{id}_String"), SignalValue::Text(text));
                pairs.extend(sections.into_iter().map(key));
            }
        }
        pairs
    }

    /// The rules of the page, once more and without a bit.
    fn allowed(&self) -> Level {
        let mut level = Level::Shared;
        if let Some(tcf) = self.tcf.as_ref().filter(|tcf| tcf.applies != Some(false)) {
            let stale = tcf.policy_version < 4 || tcf.cmp_id == 0 || tcf.age_days > 396 || tcf.age_days < -1;
            let has = |purpose| tcf.purposes.contains(&purpose);
            let by_purposes = if has(1) && has(5) && has(6) {
                if self.share && tcf.custom { Level::Shared } else { Level::OnDevice }
            } else if has(5) && has(6) || has(11) {
                Level::Session
            } else {
                Level::Off
            };
            level = if tcf.applies.is_none() || stale { Level::Off } else { by_purposes };
        }
        for id in self.applying() {
            level = level.min(self.states.get(&id).map_or(Level::Session, state_allows));
        }
        level
    }
}

fn state_allows(section: &StateSection) -> Level {
    let (.., opt_outs, _, children, _, has_control) =
        *STATES.iter().find(|state| state.0 == section.id).expect("a state");
    let opted = &section.opt_outs[..opt_outs];
    let children = &section.children[..children];
    let undefined = opted.contains(&3) || children.contains(&3);
    if undefined || children.contains(&1) {
        Level::Session
    } else if opted.contains(&1) || has_control && section.control == Some(true) {
        Level::OnDevice
    } else {
        Level::Shared
    }
}

fn tcf() -> impl Strategy<Value = Tcf> {
    let purposes =
        prop_oneof![Just(BTreeSet::from([1, 5, 6])), proptest::collection::btree_set(1..=11_u8, 0..=11),];
    let applies = prop_oneof![6 => Just(Some(true)), 1 => Just(Some(false)), 1 => Just(None)];
    let policy = prop_oneof![6 => 4..=6_u8, 1 => 0..=3_u8];
    let cmp_id = prop_oneof![8 => 1..=4_095_u16, 1 => Just(0)];
    let age = prop_oneof![8 => 0..=396_i64, 1 => 395..=800_i64, 1 => -3..=0_i64];
    (applies, policy, cmp_id, age, purposes, any::<bool>(), any::<bool>()).prop_map(
        |(applies, policy_version, cmp_id, age_days, purposes, custom, segment)| Tcf {
            applies,
            policy_version,
            cmp_id,
            age_days,
            purposes,
            custom,
            segment,
        },
    )
}

fn states() -> impl Strategy<Value = BTreeMap<u16, StateSection>> {
    let value = || prop_oneof![4 => Just(0_u8), 8 => Just(2_u8), 1 => Just(1_u8), 1 => Just(3_u8)];
    let values = move |count| proptest::collection::vec(value(), count);
    let section = (values(3), values(5), 0..=2_u8, any::<Option<bool>>());
    proptest::collection::btree_map(7..=23_u16, section, 0..=4).prop_map(|states| {
        let state = |(id, (opt_outs, children, filling, control))| {
            (id, StateSection { id, opt_outs, children, filling, control })
        };
        states.into_iter().map(state).collect()
    })
}

fn world() -> impl Strategy<Value = World> {
    let unknown =
        prop_oneof![3 => Just(BTreeSet::new()), 1 => proptest::collection::btree_set(24..=99_u16, 1..4)];
    (proptest::option::of(tcf()), states(), unknown, any::<[bool; 3]>()).prop_map(
        |(tcf, states, unknown, [names_sections, own_keys, share])| World {
            tcf,
            states,
            unknown,
            names_sections,
            own_keys,
            share,
        },
    )
}

/// What a shopper, a platform or decay can do to take something back.
#[derive(Clone, Debug)]
enum Restriction {
    TakePurpose(u8),
    EmptyKey(usize),
    Corrupt(usize, String),
    TooLong(usize),
    Remove(&'static str),
    Add(&'static str, SignalValue),
}

fn restriction() -> impl Strategy<Value = Restriction> {
    let added = vec![
        ("IABTCF_Unheard", "1".into()),
        ("IABGPP_7_String", "BQ".into()),
        ("IABGPP_9_String", "BVYAAAQ".into()),
        ("IABGPP_6_String", "1YYN".into()),
        ("IABGPP_5_String", "?".into()),
        ("IABGPP_77_String", "BAAA".into()),
    ];
    prop_oneof![
        (1..=11_u8).prop_map(Restriction::TakePurpose),
        any::<usize>().prop_map(Restriction::EmptyKey),
        (any::<usize>(), ".{0,20}").prop_map(|(place, text)| Restriction::Corrupt(place, text)),
        any::<usize>().prop_map(Restriction::TooLong),
        proptest::sample::select(vec![
            "IABTCF_gdprApplies",
            "IABTCF_PolicyVersion",
            "IABTCF_CmpSdkID",
            "IABTCF_TCString",
            "IABGPP_GppSID",
        ])
        .prop_map(Restriction::Remove),
        proptest::sample::select(added).prop_map(|(key, value)| Restriction::Add(key, value)),
    ]
}

/// The pairs after the restriction; as they were when it has nothing to act on.
fn restricted(world: &World, restriction: &Restriction) -> Vec<(String, SignalValue)> {
    let mut pairs = world.pairs();
    let replace = |pairs: &mut Vec<(String, SignalValue)>, place: usize, with: &str| {
        let place = place % pairs.len();
        pairs[place].1 = with.into();
    };
    match restriction {
        Restriction::TakePurpose(purpose) => {
            let mut world = world.clone();
            if let Some(tcf) = &mut world.tcf {
                tcf.purposes.remove(purpose);
            }
            return world.pairs();
        }
        Restriction::EmptyKey(place) => replace(&mut pairs, *place, ""),
        // A letter that stands in no number, purpose string, list of ids or alphabet.
        Restriction::Corrupt(place, text) => replace(&mut pairs, *place, &format!("{text}é")),
        Restriction::TooLong(place) => replace(&mut pairs, *place, &"A".repeat(65_537)),
        Restriction::Remove(key) => pairs.retain(|(found, _)| found != key),
        Restriction::Add(key, value) => {
            let exists = pairs.iter().any(|(found, _)| found == key);
            if !exists {
                pairs.push(((*key).into(), value.clone()));
            }
        }
    }
    pairs
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    #[test]
    fn the_cap_is_what_the_rules_say(world in world()) {
        let outcome = decide(&world.pairs(), &world.policy());
        let anything = world.tcf.is_some() || !world.sections().is_empty();
        prop_assert_eq!(outcome.cap.is_some(), anything);
        prop_assert_eq!(height(&outcome), world.allowed(), "{:?}", outcome.decisions);
    }

    #[test]
    fn a_restriction_never_raises(world in world(), restriction in restriction()) {
        let policy = world.policy();
        let before = decide(&world.pairs(), &policy);
        let after = decide(&restricted(&world, &restriction), &policy);
        prop_assert!(height(&after) <= height(&before), "{:?} became {:?}", before, after);
    }

    #[test]
    fn the_order_of_the_keys_means_nothing(
        (world, shuffled) in world().prop_flat_map(|world| {
            let pairs = world.pairs();
            (Just(world), Just(pairs).prop_shuffle())
        })
    ) {
        prop_assert_eq!(decide(&shuffled, &world.policy()), decide(&world.pairs(), &world.policy()));
    }

    #[test]
    fn garbage_is_read_to_its_end(
        values in proptest::collection::vec(("[01]{0,12}|[A-Za-z0-9_~.=-]{0,80}|-?[0-9]{1,20}|.{0,40}", any::<bool>()), 20),
        now_ms in any::<i64>(),
        share in any::<Option<u8>>(),
        max_age_days in any::<u32>(),
    ) {
        let keys = [
            "IABTCF_gdprApplies", "IABTCF_PolicyVersion", "IABTCF_CmpSdkID", "IABTCF_TCString",
            "IABTCF_PublisherConsent", "IABTCF_PurposeConsents", "IABTCF_PublisherCustomPurposesConsents",
            "IABGPP_GppSID", "IABGPP_HDR_GppString", "IABGPP_1_String", "IABGPP_2_String", "IABGPP_5_String",
            "IABGPP_6_String", "IABGPP_7_String", "IABGPP_8_String", "IABGPP_21_String", "IABGPP_40_String",
            "IABGPP__String", "IABGPP_x_String", "IABGPP_99999_String",
        ];
        let pairs = keys.into_iter().zip(&values).filter(|(_, (_, present))| *present);
        let signals = CmpSignals::new(pairs.map(|(key, (text, _))| (key, text.as_str().into())));
        let policy = CmpPolicy { share_custom_purpose: share, max_age_days, ..CmpPolicy::default() };
        let outcome = cmp::decide(&signals.expect("sound keys"), &policy, now_ms);
        prop_assert!(outcome.decisions.iter().all(|decision| !decision.to_string().is_empty()));
    }

    /// Sentences are shown and logged: they hold nothing of what was found.
    #[test]
    fn sentences_hold_no_value(world in world(), place in any::<usize>()) {
        let mut pairs = world.pairs();
        let place = place % pairs.len();
        pairs[place].1 = "canary".into();
        for decision in decide(&pairs, &world.policy()).decisions {
            let told = [decision.to_string(), format!("{decision:?}")];
            prop_assert!(told.iter().all(|text| !text.contains("canary")));
        }
    }
}

/// A string with the most vendors and restrictions that fit costs no more than its length: no list is unpacked.
#[test]
fn long_lists_of_vendors_are_not_unpacked() {
    let string = ConsentString {
        updated_ms: u64::try_from(START_MS).expect("after 1970"),
        cmp_id: 300,
        policy: 5,
        vendor: vec![],
        vendors: (1..=4_000).collect(),
        publisher: Some((vec![1, 5, 6], vec![])),
    };
    let text = string.european();
    assert!(text.len() > 10_000);
    let pairs = [("IABGPP_HDR_GppString".to_owned(), SignalValue::Text(gpp(&BTreeMap::from([(2, text)]))))];
    assert_eq!(decide(&pairs, &CmpPolicy::default()).cap, Some(Level::OnDevice));
}
