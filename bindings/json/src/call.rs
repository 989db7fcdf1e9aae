//! One call of the engine: read, ask, show.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use tastekeeper::{Config, Recommender, ReportId};

use crate::host::{digest, hex};
use crate::{Problem, read, show};

/// Files that a call may name, by their names.
pub type Files = BTreeMap<String, Vec<u8>>;

/// What a call gave.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Answer {
    /// The answer; `null` for a call that answers nothing.
    pub gives: Value,
    /// What a scenario keeps of it under a name.
    pub saved: Value,
}

impl From<Value> for Answer {
    fn from(gives: Value) -> Self {
        Self { gives, saved: Value::Null }
    }
}

/// A configuration; `key` stands for `model_keys`.
///
/// # Errors
/// [`Problem::Misread`].
pub fn read_config(value: &Value, key: &str) -> Result<Config, Problem> {
    read::config(value, key)
}

/// Runs the call that `step` names in `do`; `files` are what `load_model` and `load_vocabulary` may name.
///
/// # Errors
/// The engine's, or [`Problem::Misread`], and then nothing was asked.
pub fn call(shop: &Recommender, step: &Value, files: &Files) -> Result<Answer, Problem> {
    let answer = match read::word(&step["do"])? {
        "recommend" => shop.recommend(read::request(&step["request"])?)?,
        "recommend_next" => {
            shop.recommend_next(read::word(&step["recommendation_id"])?, read::size(&step["count"])?)?
        }
        "rerank" => shop.rerank(&read::texts(&step["item_ids"])?, read::context(&step["context"])?)?,
        "export_transfer" => {
            let sealed = shop.export_transfer(read::word(&step["passphrase"])?)?;
            return Ok(Answer { gives: json!(digest(sealed.iter().copied())), saved: json!(hex(&sealed)) });
        }
        "history" => {
            let entries = shop.history(read::size(&step["limit"])?, step["before_ms"].as_i64())?;
            let newest = entries.first().map(|entry| json!(entry.event.0.to_string()));
            return Ok(Answer { gives: show::history(&entries), saved: newest.unwrap_or_default() });
        }
        "export_receipts" => {
            let document = shop.export_receipts()?;
            return Ok(Answer { gives: json!(digest(document.bytes())), saved: json!(document) });
        }
        "pending_report" => {
            let report = shop.pending_report()?;
            let saved = report.as_ref().map(|report| json!(report.id().0)).unwrap_or_default();
            return Ok(Answer { gives: report.as_ref().map(show::report).unwrap_or_default(), saved });
        }
        "load_model" => {
            // What the engine says of a path where there is no file.
            let missing = || tastekeeper::Error::StorageUnavailable {
                reason: "the model pack cannot be read (NotFound)".to_owned(),
            };
            return load(shop, files.get(read::word(&step["file"])?).ok_or_else(missing)?);
        }
        "load_vocabulary" => {
            let signature = String::from_utf8_lossy(file(files, &step["signature"])?);
            shop.load_vocabulary(file(files, &step["file"])?, &signature)?;
            return Ok(Answer::default());
        }
        name => {
            let answer = match changing(shop, name, step)? {
                Some(answer) => answer,
                None => asking(shop, name, step)?,
            };
            return Ok(answer.into());
        }
    };
    Ok(Answer { gives: show::recommendations(&answer), saved: json!(answer.recommendation_id) })
}

/// Loads a pack, and shows what it is.
///
/// # Errors
/// As [`Recommender::load_model_bytes`].
pub fn load(shop: &Recommender, pack: &[u8]) -> Result<Answer, Problem> {
    Ok(show::model(&shop.load_model_bytes(pack)?).into())
}

fn file<'a>(files: &'a Files, name: &Value) -> Result<&'a [u8], Problem> {
    let known = files.get(read::word(name)?).map(Vec::as_slice);
    known.ok_or_else(|| Problem::Misread("no file of this name was given".to_owned()))
}

/// Calls that change something; `None` when `name` is none of them.
fn changing(shop: &Recommender, name: &str, step: &Value) -> Result<Option<Value>, Problem> {
    let on = || read::flag(&step["on"]);
    let word = |name: &str| read::word(&step[name]);
    let done = match name {
        "track" => return Ok(Some(show::tracked(&shop.track(read::event(&step["event"])?)?))),
        "track_all" => {
            let tracked = shop.track_all(read::all(&step["events"], read::event)?)?;
            return Ok(Some(tracked.iter().map(show::tracked).collect()));
        }
        "forget" => return Ok(Some(json!(shop.forget(read::scope(&step["scope"])?)?))),
        "set_learning" => return Ok(Some(json!(shop.set_learning(read::scope(&step["scope"])?, on()?)?))),
        "apply_cmp_signals" => {
            let outcome =
                shop.apply_cmp_signals(&read::signals(&step["pairs"])?, &read::policy(&step["policy"])?)?;
            return Ok(Some(show::cmp(&outcome)));
        }
        "import_transfer" => {
            let imported = shop.import_transfer(&read::bytes(&step["sealed"])?, word("passphrase")?)?;
            return Ok(Some(show::imported(&imported)));
        }
        "close" => {
            shop.close();
            Ok(())
        }
        "upsert_items" => shop.upsert_items(read::all(&step["items"], read::item)?),
        "patch_items" => shop.patch_items(read::all(&step["patches"], read::patch)?),
        "remove_items" => shop.remove_items(read::texts(&step["ids"])?),
        "set_level" => {
            shop.set_level(read::level(&step["level"])?, read::consent(&step["consent"])?.as_ref())
        }
        "set_protected" => shop.set_protected(on()?),
        "set_kill_switch" => shop.set_kill_switch(on()?),
        "pause" => shop.pause(on()?),
        "set_interest" => shop.set_interest(word("category")?, read::interest(&step["interest"])?),
        "set_private_session" => shop.set_private_session(on()?),
        "switch_profile" => shop.switch_profile(word("name")?),
        "merge_profile" => shop.merge_profile(word("source")?),
        "delete_profile" => shop.delete_profile(word("name")?),
        "confirm_sent" => {
            let id = u16::try_from(read::size(&step["id"])?);
            let id = id.map_err(|_| Problem::Misread("the id of a report was expected".to_owned()))?;
            shop.confirm_sent(ReportId(id))
        }
        "set_guarded_topics" => shop.set_guarded_topics(on()?, read::consent(&step["consent"])?.as_ref()),
        "warm_up" => shop.warm_up(),
        _ => return Ok(None),
    };
    Ok(Some(done.map(|()| Value::Null)?))
}

/// Calls that only look.
fn asking(shop: &Recommender, name: &str, step: &Value) -> Result<Value, Problem> {
    let word = |name: &str| read::word(&step[name]);
    Ok(match name {
        "recommend_categories" => show::categories(&shop.recommend_categories(read::size(&step["count"])?)?),
        "explain" => show::explanation(&shop.explain(word("recommendation_id")?, word("item_id")?)?),
        "level" => json!(show::snake(shop.level()?)),
        "consent_state" => show::consent_state(&shop.consent_state()?),
        "receipts" => show::receipts(&shop.receipts()?),
        "owns_receipts" => json!(shop.owns_receipts(word("document")?)?),
        "profile" => show::profile(&shop.profile()?),
        "is_private_session" => json!(shop.is_private_session()?),
        "export_data" => serde_json::from_str(&shop.export_data()?)
            .map_err(|_| Problem::Misread("the export is no document".to_owned()))?,
        "profiles" => json!(shop.profiles()?),
        "preview_report" => show::preview(&shop.preview_report()?),
        "report_log" => show::report_log(&shop.report_log()?),
        "stats" => show::stats(&shop.stats()?),
        "doctor" => show::findings(&shop.doctor()?),
        _ => return Err(Problem::Misread("there is no such call".to_owned())),
    })
}
