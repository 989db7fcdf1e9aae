//! The scenarios that every language runs, through the engine itself. `tests/scenarios/README.md` describes their form.
//!
//! With `TASTEKEEPER_WRITE_SCENARIOS=1` the answers are written into the files instead of being compared; review the difference.

#![allow(clippy::unwrap_used, reason = "a test that fails says where")]

mod host;
mod read;
mod show;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::{Value, json};
use tastekeeper::platform::{DirectoryFileSystem, FixedClock, MemoryKeyCustodian};
use tastekeeper::{Error, Platform, Recommender, ReportId, Result};

use host::{Counted, fnv, hex};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/scenarios")
}

/// One scenario under way.
struct Run {
    config: Value,
    clock: Arc<FixedClock>,
    random: Arc<Counted>,
    store: Option<(PathBuf, Arc<MemoryKeyCustodian>)>,
    shop: Option<Recommender>,
    saved: BTreeMap<String, Value>,
}

impl Drop for Run {
    fn drop(&mut self) {
        if let Some((directory, _)) = &self.store {
            let _ = std::fs::remove_dir_all(directory);
        }
    }
}

impl Run {
    fn new(name: &str, scenario: &Value) -> Self {
        let directory =
            std::env::temp_dir().join(format!("tastekeeper-scenario-{}-{name}", std::process::id()));
        let store = scenario["directory"].as_bool().unwrap_or(false);
        Self {
            config: scenario["config"].clone(),
            clock: Arc::new(FixedClock::new(scenario["start_ms"].as_i64().unwrap())),
            random: Arc::new(Counted::new(scenario["seed"].as_u64().unwrap())),
            store: store.then(|| (directory, Arc::default())),
            shop: None,
            saved: BTreeMap::new(),
        }
    }

    fn platform(&self) -> Platform {
        let mut platform = Platform::in_memory(self.clock.clone(), self.random.clone());
        if let Some((directory, keys)) = &self.store {
            platform.files = Arc::new(DirectoryFileSystem::create(directory).unwrap());
            platform.keys = keys.clone();
        }
        platform
    }

    /// The same for a look from outside, which draws nothing from the scenario's source.
    fn apart(&self) -> Platform {
        Platform { random: Arc::new(Counted::new(0)), ..self.platform() }
    }

    fn open(&mut self) -> Result<()> {
        self.shop = None;
        let key = std::fs::read_to_string(folder().join("files/shop.pub")).unwrap();
        self.shop = Some(Recommender::open(read::config(&self.config, &key), self.platform())?);
        Ok(())
    }

    /// The step with `@name` put in for what was saved under the name.
    fn resolve(&self, step: &Value) -> Value {
        match step {
            Value::String(text) => match text.strip_prefix('@') {
                Some(name) => self.saved[name].clone(),
                None => step.clone(),
            },
            Value::Array(list) => list.iter().map(|value| self.resolve(value)).collect(),
            Value::Object(fields) => {
                let field = |(name, value): (&String, &Value)| (name.clone(), self.resolve(value));
                Value::Object(fields.iter().map(field).collect())
            }
            plain => plain.clone(),
        }
    }

    /// Runs one step: its answer, and what may be saved of it.
    fn run(&mut self, step: &Value) -> Result<(Value, Value)> {
        match step["do"].as_str().unwrap() {
            "open" | "reopen" => return self.open().map(|()| (Value::Null, Value::Null)),
            "advance" => {
                self.clock.advance(step["milliseconds"].as_i64().unwrap());
                return Ok((Value::Null, Value::Null));
            }
            "files" => {
                let (directory, _) = self.store.as_ref().unwrap();
                return Ok((json!(host::files(directory)), Value::Null));
            }
            "reset" => {
                self.shop = None;
                return Recommender::reset(&self.apart()).map(|()| (Value::Null, Value::Null));
            }
            "inspect" => {
                self.shop = None;
                return Ok((show::contents(&Recommender::inspect(&self.apart())?), Value::Null));
            }
            _ => {}
        }
        let shop = self.shop.as_ref().expect("the first step opens");
        let answer = match step["do"].as_str().unwrap() {
            "recommend" => shop.recommend(read::request(&step["request"])),
            "recommend_next" => {
                shop.recommend_next(&read::text(&step["recommendation_id"]), read::size(&step["count"]))
            }
            "rerank" => shop.rerank(&read::texts(&step["item_ids"]), read::context(&step["context"])),
            "export_transfer" => {
                let sealed = shop.export_transfer(&read::text(&step["passphrase"]))?;
                return Ok((json!(fnv(sealed.iter().copied())), json!(hex(&sealed))));
            }
            "history" => {
                let entries = shop.history(read::size(&step["limit"]), step["before_ms"].as_i64())?;
                let newest = entries.first().map(|entry| json!(entry.event.0.to_string()));
                return Ok((show::history(&entries), newest.unwrap_or_default()));
            }
            "export_receipts" => {
                let document = shop.export_receipts()?;
                return Ok((json!(fnv(document.bytes())), json!(document)));
            }
            "pending_report" => {
                let report = shop.pending_report()?;
                let id = report.as_ref().map(|report| json!(report.id().0));
                return Ok((report.as_ref().map(show::report).unwrap_or_default(), id.unwrap_or_default()));
            }
            _ => return plain(shop, step).map(|answer| (answer, Value::Null)),
        }?;
        Ok((show::recommendations(&answer), json!(answer.recommendation_id)))
    }
}

/// Calls whose answers are only compared.
fn plain(shop: &Recommender, step: &Value) -> Result<Value> {
    let list = |name: &str| step[name].as_array().unwrap().iter();
    let on = || step["on"].as_bool().unwrap();
    let text = |name: &str| read::text(&step[name]);
    let file = |name: &str| folder().join("files").join(text(name));
    Ok(match step["do"].as_str().unwrap() {
        "close" => {
            shop.close();
            Value::Null
        }
        "track" => show::tracked(&shop.track(read::event(&step["event"]))?),
        "track_all" => {
            shop.track_all(list("events").map(read::event).collect())?.iter().map(show::tracked).collect()
        }
        "upsert_items" => shop.upsert_items(list("items").map(read::item).collect()).map(|()| Value::Null)?,
        "patch_items" => {
            shop.patch_items(list("patches").map(read::patch).collect()).map(|()| Value::Null)?
        }
        "remove_items" => shop.remove_items(read::texts(&step["ids"])).map(|()| Value::Null)?,
        "load_model" => show::model(&shop.load_model(&file("file"))?),
        "recommend_categories" => show::categories(&shop.recommend_categories(read::size(&step["count"]))?),
        "explain" => show::explanation(&shop.explain(&text("recommendation_id"), &text("item_id"))?),
        "level" => json!(show::snake(shop.level()?)),
        "set_level" => {
            let consent = read::consent(&step["consent"]);
            shop.set_level(read::level(&step["level"]), consent.as_ref()).map(|()| Value::Null)?
        }
        "consent_state" => show::consent_state(&shop.consent_state()?),
        "receipts" => show::receipts(&shop.receipts()?),
        "owns_receipts" => json!(shop.owns_receipts(&text("document"))?),
        "set_protected" => shop.set_protected(on()).map(|()| Value::Null)?,
        "apply_cmp_signals" => {
            let (signals, policy) = (read::signals(&step["pairs"])?, read::policy(&step["policy"]));
            show::cmp(&shop.apply_cmp_signals(&signals, &policy)?)
        }
        "set_kill_switch" => shop.set_kill_switch(on()).map(|()| Value::Null)?,
        "pause" => shop.pause(on()).map(|()| Value::Null)?,
        "set_interest" => {
            shop.set_interest(&text("category"), read::interest(&step["interest"])).map(|()| Value::Null)?
        }
        "profile" => show::profile(&shop.profile()?),
        "forget" => json!(shop.forget(read::scope(&step["scope"]))?),
        "set_learning" => json!(shop.set_learning(read::scope(&step["scope"]), on())?),
        "set_private_session" => shop.set_private_session(on()).map(|()| Value::Null)?,
        "is_private_session" => json!(shop.is_private_session()?),
        "export_data" => serde_json::from_str(&shop.export_data()?).unwrap(),
        "import_transfer" => {
            let digits = text("sealed");
            let byte = |place: usize| u8::from_str_radix(&digits[place..place + 2], 16).unwrap();
            let sealed: Vec<u8> = (0..digits.len()).step_by(2).map(byte).collect();
            show::imported(&shop.import_transfer(&sealed, &text("passphrase"))?)
        }
        "profiles" => json!(shop.profiles()?),
        "switch_profile" => shop.switch_profile(&text("name")).map(|()| Value::Null)?,
        "merge_profile" => shop.merge_profile(&text("source")).map(|()| Value::Null)?,
        "delete_profile" => shop.delete_profile(&text("name")).map(|()| Value::Null)?,
        "load_vocabulary" => {
            let bytes = std::fs::read(file("file")).unwrap();
            let signature = std::fs::read_to_string(file("signature")).unwrap();
            shop.load_vocabulary(&bytes, &signature).map(|()| Value::Null)?
        }
        "preview_report" => show::preview(&shop.preview_report()?),
        "confirm_sent" => {
            let id = u16::try_from(step["id"].as_u64().unwrap()).unwrap();
            shop.confirm_sent(ReportId(id)).map(|()| Value::Null)?
        }
        "report_log" => show::report_log(&shop.report_log()?),
        "set_guarded_topics" => {
            shop.set_guarded_topics(on(), read::consent(&step["consent"]).as_ref()).map(|()| Value::Null)?
        }
        "stats" => show::stats(&shop.stats()?),
        "doctor" => show::findings(&shop.doctor()?),
        "warm_up" => shop.warm_up().map(|()| Value::Null)?,
        other => panic!("unknown step {other}"),
    })
}

/// What an error is called: the name of its variant.
fn name_of(error: &Error) -> String {
    let name = format!("{error:?}");
    name.split([' ', '{']).next().unwrap().to_owned()
}

/// Runs the steps of a scenario, and returns them with the answers they gave.
fn run(name: &str, scenario: &Value) -> Vec<Value> {
    let mut run = Run::new(name, scenario);
    let mut steps = Vec::new();
    for step in scenario["steps"].as_array().unwrap() {
        let mut done = step.clone();
        let fields = done.as_object_mut().unwrap();
        fields.remove("gives");
        fields.remove("fails");
        match run.run(&run.resolve(step)) {
            Ok((answer, saved)) => {
                if !answer.is_null() {
                    fields.insert("gives".into(), answer);
                }
                if let Some(name) = step["save"].as_str() {
                    run.saved.insert(name.to_owned(), saved);
                }
            }
            Err(error) => {
                fields.insert("fails".into(), json!([name_of(&error), error.to_string()]));
            }
        }
        steps.push(done);
    }
    steps
}

#[test]
fn every_scenario_gives_its_answers() {
    let write = std::env::var_os("TASTEKEEPER_WRITE_SCENARIOS").is_some();
    let mut count = 0;
    let mut paths: Vec<PathBuf> =
        std::fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    for path in paths.into_iter().filter(|path| path.extension().is_some_and(|end| end == "json")) {
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let mut scenario: Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
        let steps = run(&name, &scenario);
        if write {
            scenario["steps"] = Value::Array(steps);
            std::fs::write(&path, serde_json::to_string_pretty(&scenario).unwrap() + "\n").unwrap();
        } else {
            for (place, (found, expected)) in
                steps.iter().zip(scenario["steps"].as_array().unwrap()).enumerate()
            {
                assert_eq!(found, expected, "{name}, step {place}");
            }
        }
        count += 1;
    }
    assert!(count >= 10, "{count} scenarios");
}
