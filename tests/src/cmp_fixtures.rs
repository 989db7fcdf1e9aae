//! The fixtures of the consent platform bridge in `tests/fixtures/cmp`; its README says how they came about.

use std::path::Path;

use serde_json::Value;
use tastekeeper::PersonalizationLevel as Level;
use tastekeeper::consent::cmp::{CmpPolicy, SignalValue};

/// One situation on a phone and what it must come to.
#[derive(Clone, Debug)]
pub struct Fixture {
    /// Unique over all files.
    pub name: String,
    /// Keys and values, in the order of their keys.
    pub pairs: Vec<(String, SignalValue)>,
    /// What the app knows.
    pub policy: CmpPolicy,
    /// The cap, `None` when there is nothing to say.
    pub cap: Option<Level>,
    /// Every decision as a sentence, in order.
    pub reasons: Vec<String>,
}

/// All fixtures, by file and place.
///
/// # Panics
/// When a file cannot be read or is not as the README says.
#[must_use]
pub fn all() -> Vec<Fixture> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/cmp");
    let files = std::fs::read_dir(&folder).expect("the folder of the fixtures");
    let mut paths: Vec<_> = files.map(|file| file.expect("a file").path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
    paths.sort();
    let read = |path| {
        let text = std::fs::read(path).expect("a readable fixture");
        serde_json::from_slice::<Vec<Value>>(&text).expect("a list of fixtures")
    };
    paths.iter().flat_map(read).map(|value| fixture(&value)).collect()
}

fn fixture(value: &Value) -> Fixture {
    let name = text(&value["name"]);
    for field in value.as_object().expect("an object").keys() {
        let known = ["name", "why", "made_with", "signals", "policy", "cap", "reasons"];
        assert!(known.contains(&field.as_str()), "{name}: {field}");
    }
    assert!(!text(&value["why"]).is_empty(), "{name} has no meaning");
    let pairs = value["signals"].as_object().expect("signals by key");
    let mut policy = CmpPolicy::default();
    for (field, value) in value["policy"].as_object().into_iter().flatten() {
        let number = |value: &Value| value.as_u64().expect("a number");
        match field.as_str() {
            "use_vendor_purposes" => policy.use_vendor_purposes = value.as_bool().expect("a flag"),
            "share_custom_purpose" => {
                policy.share_custom_purpose = Some(u8::try_from(number(value)).expect("a purpose"));
            }
            "cmp_sdk_ids" => {
                let ids = value.as_array().expect("a list").iter().map(number);
                policy.cmp_sdk_ids = ids.map(|id| u16::try_from(id).expect("an id")).collect();
            }
            "max_age_days" => policy.max_age_days = u32::try_from(number(value)).expect("days"),
            _ => panic!("{name}: {field}"),
        }
    }
    Fixture {
        pairs: pairs.iter().map(|(key, value)| (key.clone(), signal(value))).collect(),
        policy,
        cap: (!value["cap"].is_null()).then(|| level(&text(&value["cap"]))),
        reasons: value["reasons"].as_array().expect("sentences").iter().map(text).collect(),
        name,
    }
}

fn text(value: &Value) -> String {
    value.as_str().expect("a text").to_owned()
}

fn level(name: &str) -> Level {
    let levels = [Level::Off, Level::Session, Level::OnDevice, Level::Shared];
    levels.into_iter().find(|level| format!("{level:?}") == name).expect("a level")
}

/// Text, a whole number or a flag; long text as `{"repeat": .., "times": ..}`.
fn signal(value: &Value) -> SignalValue {
    match value {
        Value::Bool(flag) => (*flag).into(),
        Value::Number(number) => number.as_i64().expect("a whole number").into(),
        Value::String(text) => text.as_str().into(),
        _ => {
            let times = usize::try_from(value["times"].as_u64().expect("times")).expect("fits");
            SignalValue::Text(text(&value["repeat"]).repeat(times))
        }
    }
}
