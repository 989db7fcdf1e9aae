//! Any keys and values of a consent platform: a decision, never a panic, whatever the order, and never a higher one for one
//! more section that nobody knows.
//!
//! The first byte sets the policy; then one pair a line, `key=value`, where `#` stands before a number and `!` before a
//! flag.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tastekeeper::PersonalizationLevel;
use tastekeeper::consent::cmp::{CmpOutcome, CmpPolicy, CmpSignals, SignalValue, decide};

const NOW_MS: i64 = 1_767_225_600_000;

fuzz_target!(|data: &[u8]| {
    let Some((flags, lines)) = data.split_first() else { return };
    let policy = CmpPolicy {
        use_vendor_purposes: flags & 1 != 0,
        share_custom_purpose: (flags & 2 != 0).then_some(flags >> 2),
        cmp_sdk_ids: if flags & 128 != 0 { vec![300] } else { Vec::new() },
        ..CmpPolicy::default()
    };
    let text = String::from_utf8_lossy(lines);
    let mut pairs: Vec<(&str, SignalValue)> =
        text.split('\n').filter_map(|line| line.split_once('=')).map(|(key, value)| (key, read(value))).collect();
    let Ok(signals) = CmpSignals::new(pairs.clone()) else { return };
    let outcome = decide(&signals, &policy, NOW_MS);
    let caps = outcome.decisions.iter().map(|decision| decision.cap.unwrap_or(PersonalizationLevel::Shared));
    assert_eq!(outcome.cap, caps.min());
    assert!(outcome.decisions.iter().all(|decision| !decision.to_string().is_empty()));

    pairs.reverse();
    let reversed = CmpSignals::new(pairs.clone()).expect("the same keys");
    assert_eq!(decide(&reversed, &policy, NOW_MS), outcome);

    pairs.push(("IABGPP_77_String", "BAAA".into()));
    if let Ok(more) = CmpSignals::new(pairs) {
        assert!(height(&decide(&more, &policy, NOW_MS)) <= height(&outcome));
    }
});

fn read(value: &str) -> SignalValue {
    match (value.strip_prefix('#').map(str::parse), value.strip_prefix('!')) {
        (Some(Ok(number)), _) => SignalValue::Integer(number),
        (_, Some(flag)) => SignalValue::Flag(flag == "1"),
        _ => value.into(),
    }
}

fn height(outcome: &CmpOutcome) -> PersonalizationLevel {
    outcome.cap.unwrap_or(PersonalizationLevel::Shared)
}
