//! A scenario from its first step to its last.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};
use tastekeeper::platform::{FileSystem, FixedClock, MemoryFileSystem, MemoryKeyCustodian};
use tastekeeper::{Platform, Recommender};

use crate::call::{Answer, Files, call, read_config};
use crate::host::{Counted, digest_of_files};
use crate::{Problem, read, show};

/// The file among those of a scenario with the key that `model_keys` stands for.
const KEY_FILE: &str = "shop.pub";

/// One scenario under way.
struct Run<'a> {
    config: &'a Value,
    files: &'a Files,
    clock: Arc<FixedClock>,
    random: Arc<Counted>,
    store: Option<(Arc<dyn FileSystem>, Arc<MemoryKeyCustodian>)>,
    shop: Option<Recommender>,
    saved: BTreeMap<String, Value>,
}

impl Run<'_> {
    fn platform(&self) -> Platform {
        let mut platform = Platform::in_memory(self.clock.clone(), self.random.clone());
        if let Some((files, keys)) = &self.store {
            platform.files = files.clone();
            platform.keys = keys.clone();
        }
        platform
    }

    /// The same for a look from outside, which draws nothing from the scenario's source.
    fn apart(&self) -> Platform {
        Platform { random: Arc::new(Counted::new(0)), ..self.platform() }
    }

    fn open(&mut self) -> Result<(), Problem> {
        self.shop = None;
        let key = self.files.get(KEY_FILE).map(|bytes| String::from_utf8_lossy(bytes)).unwrap_or_default();
        self.shop = Some(Recommender::open(read_config(self.config, &key)?, self.platform())?);
        Ok(())
    }

    /// The step with `@name` put in for what was saved under the name.
    fn resolve(&self, step: &Value) -> Value {
        match step {
            Value::String(text) => match text.strip_prefix('@') {
                Some(name) => self.saved.get(name).cloned().unwrap_or_default(),
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

    fn step(&mut self, step: &Value) -> Result<Answer, Problem> {
        match read::word(&step["do"])? {
            "open" | "reopen" => self.open().map(|()| Answer::default()),
            "advance" => {
                self.clock.advance(read::whole(&step["milliseconds"])?);
                Ok(Answer::default())
            }
            "files" => {
                let (files, _) = self.store.as_ref().ok_or_else(|| misread("there is no directory"))?;
                let digest =
                    digest_of_files(&**files).map_err(|_| misread("the directory cannot be read"))?;
                Ok(json!(digest).into())
            }
            "reset" => {
                self.shop = None;
                Recommender::reset(&self.apart())?;
                Ok(Answer::default())
            }
            "inspect" => {
                self.shop = None;
                Ok(show::contents(&Recommender::inspect(&self.apart())?).into())
            }
            _ => {
                let shop = self.shop.as_ref().ok_or_else(|| misread("the first step opens"))?;
                call(shop, step, self.files)
            }
        }
    }
}

fn misread(what: &str) -> Problem {
    Problem::Misread(what.to_owned())
}

/// Runs the steps of `scenario` and gives it back with the answers of this engine in place of those that were there. `files` are the
/// files it may name. `directory` is used where the scenario has one; without it, one in memory is.
///
/// # Errors
/// When it is not written as a scenario. An error of the engine is an answer.
pub fn run(
    scenario: &Value,
    files: &Files,
    directory: Option<Arc<dyn FileSystem>>,
) -> Result<Value, Problem> {
    let store = scenario["directory"].as_bool().unwrap_or(false).then(|| {
        let files = directory.unwrap_or_else(|| Arc::new(MemoryFileSystem::default()));
        (files, Arc::default())
    });
    let mut run = Run {
        config: &scenario["config"],
        files,
        clock: Arc::new(FixedClock::new(read::whole(&scenario["start_ms"])?)),
        random: Arc::new(Counted::new(
            scenario["seed"].as_u64().ok_or_else(|| misread("a seed was expected"))?,
        )),
        store,
        shop: None,
        saved: BTreeMap::new(),
    };
    let mut steps = Vec::new();
    for step in read::list(&scenario["steps"])? {
        let mut done = step.clone();
        let answer = run.step(&run.resolve(step));
        let fields = done.as_object_mut().ok_or_else(|| misread("a step is an object"))?;
        fields.remove("gives");
        fields.remove("fails");
        match answer {
            Ok(answer) => {
                if !answer.gives.is_null() {
                    fields.insert("gives".into(), answer.gives);
                }
                if let Some(name) = step["save"].as_str() {
                    run.saved.insert(name.to_owned(), answer.saved);
                }
            }
            Err(misread @ Problem::Misread(_)) => return Err(misread),
            Err(problem) => {
                fields.insert("fails".into(), json!([problem.code(), problem.to_string()]));
            }
        }
        steps.push(done);
    }
    let mut answered = scenario.clone();
    answered["steps"] = Value::Array(steps);
    Ok(answered)
}

/// A scenario as its file is written.
#[must_use]
pub fn to_text(scenario: &Value) -> String {
    format!("{scenario:#}\n")
}
