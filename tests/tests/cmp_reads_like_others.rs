//! The engine reads consent strings as an independent decoder, the crate `iab_gpp`, does: within what that decoder is
//! trusted with, which is single sections without undefined values (see the engine's ADR 7).

use std::collections::BTreeMap;

use iab_gpp::sections::tcfcav1::TcfCaV1;
use iab_gpp::sections::tcfeuv2::TcfEuV2;
use proptest::prelude::*;
use tastekeeper::PersonalizationLevel as Level;
use tastekeeper::consent::cmp::{self, CmpPolicy, CmpReason, CmpSignals, OptOut, SignalValue};
use tastekeeper_tests::consent_strings::{ConsentString, STATES, StateSection, gpp};
use tastekeeper_tests::phone::START_MS;

/// Opt-outs, whether a child has no consent, and the Global Privacy Control.
type Said = (Vec<OptOut>, bool, bool);

/// What `iab_gpp` reads in the debug form of a section: field names are its own, and so are the words of the values.
fn other_reading(id: u16, text: &str) -> Option<Said> {
    macro_rules! read {
        ($($id:literal $module:ident $kind:ident),* $(,)?) => {
            match id {
                $($id => {
                    let section: iab_gpp::sections::$module::$kind = text.parse().ok()?;
                    format!("{section:?}")
                })*
                _ => return None,
            }
        };
    }
    let debug = read!(
        7 usnat UsNat, 8 usca UsCa, 9 usva UsVa, 10 usco UsCo, 11 usut UsUt,
        12 usct UsCt, 13 usfl UsFl, 14 usmt UsMt, 15 usor UsOr, 16 ustx UsTx,
        17 usde UsDe, 18 usia UsIa, 19 usne UsNe, 20 usnh UsNh, 21 usnj UsNj,
        22 ustn UsTn, 23 usmn UsMn,
    );
    let out = |field: &str| debug.contains(&format!(" {field}: OptedOut"));
    let kinds = [
        ("sale_opt_out", OptOut::Sale),
        ("sharing_opt_out", OptOut::Sharing),
        ("targeted_advertising_opt_out", OptOut::TargetedAdvertising),
    ];
    let opted_out = kinds.into_iter().filter(|(field, _)| out(field)).map(|(_, kind)| kind).collect();
    let children = debug.split_once("known_child_sensitive_data_consents: ").map_or("", |(_, rest)| rest);
    // One value, or a group of them in braces.
    let end = if children.starts_with("Known") { '}' } else { ',' };
    let child = children.split(end).next().is_some_and(|children| children.contains("NoConsent"));
    Some((opted_out, child, debug.contains("gpc: Some(true)")))
}

fn our_reading(id: u16, text: &str) -> Option<Said> {
    let signals = CmpSignals::new([
        ("IABGPP_GppSID".to_owned(), SignalValue::from(i64::from(id))),
        (format!("IABGPP_{id}_String"), text.into()),
    ]);
    let outcome = cmp::decide(&signals.expect("two keys"), &CmpPolicy::default(), START_MS);
    let mut said: Said = Default::default();
    for decision in outcome.decisions {
        match decision.reason {
            CmpReason::OptedOut(from) => said.0 = from,
            CmpReason::ChildWithoutConsent => said.1 = true,
            CmpReason::GlobalPrivacyControl => said.2 = true,
            CmpReason::NothingOptedOut => {}
            _ => return None,
        }
    }
    Some(said)
}

fn defined() -> impl Strategy<Value = u8> {
    0..=2_u8
}

fn state_section() -> impl Strategy<Value = StateSection> {
    let ids = proptest::sample::select(STATES.iter().map(|state| state.0).collect::<Vec<_>>());
    let values = |count| proptest::collection::vec(defined(), count);
    (ids, values(3), values(5), defined(), any::<Option<bool>>()).prop_map(
        |(id, opt_outs, children, filling, control)| StateSection {
            id,
            opt_outs,
            children,
            filling,
            control,
        },
    )
}

fn purposes() -> impl Strategy<Value = Vec<u8>> {
    proptest::sample::subsequence((1..=24).collect::<Vec<u8>>(), 0..=24)
}

fn consent_string() -> impl Strategy<Value = ConsentString> {
    let custom = proptest::sample::subsequence((1..=63).collect::<Vec<u8>>(), 0..=8);
    let vendors = proptest::sample::subsequence((1..=900).collect::<Vec<u16>>(), 0..=20);
    (0..3_000_000_000_000_u64, 0..4_096_u16, 0..64_u8, purposes(), vendors, any::<bool>(), purposes(), custom)
        .prop_map(|(ms, cmp_id, policy, vendor, vendors, segment, publisher, custom)| ConsentString {
            updated_ms: ms - ms % 1_000,
            cmp_id,
            policy,
            vendor,
            vendors,
            publisher: segment.then_some((publisher, custom)),
        })
}

/// The level that the purposes of `said` allow, told by the engine for a string at the time it was written.
fn our_level(id: u16, text: String, now_ms: u64, custom: u8, by_vendors: bool) -> Level {
    let policy = CmpPolicy {
        share_custom_purpose: Some(custom),
        use_vendor_purposes: by_vendors,
        ..CmpPolicy::default()
    };
    let string = gpp(&BTreeMap::from([(id, text)]));
    let signals = CmpSignals::new([("IABGPP_HDR_GppString", SignalValue::Text(string))]).expect("one key");
    let now_ms = i64::try_from(now_ms).expect("before the year 3000");
    cmp::decide(&signals, &policy, now_ms).cap.expect("signals were found")
}

/// The same from the fields another decoder read.
fn level_of(purposes: Option<&[u16]>, custom: Option<&[u16]>, share: u8, platform: u16) -> Level {
    let Some(purposes) = purposes.filter(|_| platform > 0) else { return Level::Off };
    let has = |purpose: u16| purposes.contains(&purpose);
    let shares = custom.is_some_and(|custom| custom.contains(&share.into()));
    match (has(5) && has(6), has(1)) {
        (true, true) if shares => Level::Shared,
        (true, true) => Level::OnDevice,
        (true, false) => Level::Session,
        _ if has(11) => Level::Session,
        _ => Level::Off,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn states(section in state_section()) {
        let text = section.text();
        let ours = our_reading(section.id, &text);
        prop_assert!(ours.is_some(), "{text} is not read");
        prop_assert_eq!(ours, other_reading(section.id, &text), "{}", text);
    }

    /// What the other decoder refuses is refused here too, and nothing it sees is lost.
    #[test]
    fn damaged_states(section in state_section(), place in any::<prop::sample::Index>(), with in "[A-Za-z0-9_.=-]{0,2}") {
        let text = section.text();
        let place = place.index(text.len());
        let text = format!("{}{with}{}", &text[..place], &text[place + 1..]);
        if let Some((ours, child, control)) = our_reading(section.id, &text) {
            // It also refuses values of fields that are not looked at here.
            if let Some(others) = other_reading(section.id, &text) {
                prop_assert_eq!((ours, child, control), others, "{}", text);
            }
        }
    }

    #[test]
    fn european_strings(string in consent_string(), share in 1..=63_u8, by_vendors in any::<bool>()) {
        let text = string.european();
        let other: TcfEuV2 = text.parse().expect("a sound string");
        prop_assert_eq!(other.core.last_updated * 1_000, string.updated_ms);
        let list = |set: &std::collections::BTreeSet<u16>| set.iter().copied().collect::<Vec<_>>();
        let publisher = other.publisher_purposes.as_ref();
        let chosen = if by_vendors { Some(list(&other.core.purpose_consents)) } else { publisher.map(|it| list(&it.consents)) };
        let custom = publisher.map(|it| list(&it.custom_consents));
        let mut level = level_of(chosen.as_deref(), custom.as_deref(), share, other.core.cmp_id);
        if other.core.policy_version < 4 {
            level = Level::Off;
        }
        prop_assert_eq!(our_level(2, text, string.updated_ms, share, by_vendors), level);
    }

    #[test]
    fn canadian_strings(string in consent_string(), share in 1..=63_u8, by_vendors in any::<bool>()) {
        let text = string.canadian();
        let other: TcfCaV1 = text.parse().expect("a sound string");
        let list = |set: &std::collections::BTreeSet<u16>| set.iter().copied().collect::<Vec<_>>();
        let publisher = other.publisher_purposes.as_ref();
        let chosen = if by_vendors { Some(list(&other.core.purpose_express_consents)) } else { publisher.map(|it| list(&it.purpose_express_consents)) };
        let custom = publisher.map(|it| list(&it.custom_purpose_express_consents));
        let level = level_of(chosen.as_deref(), custom.as_deref(), share, other.core.cmp_id);
        prop_assert_eq!(our_level(5, text, string.updated_ms, share, by_vendors), level);
    }
}

/// Why that decoder is not what ships: an undefined value reads as "does not arise", and sections get wrong ids.
#[test]
fn where_the_other_decoder_fails_open() {
    let section =
        StateSection { id: 7, opt_outs: vec![3, 2, 2], children: vec![], filling: 0, control: None };
    let nothing: Said = Default::default();
    assert_eq!(other_reading(7, &section.text()), Some(nothing));
    assert_eq!(our_reading(7, &section.text()), None);

    let texts = [7, 9, 11].map(|id| (id, "x".to_owned()));
    let other: iab_gpp::v1::GPPString = gpp(&BTreeMap::from(texts)).parse().expect("it accepts the string");
    let ids: Vec<u16> = other.section_ids().map(|id| *id as u16).collect();
    assert_eq!(ids, [7, 9, 4], "7, 9 and 11 are there");
}
