//! What calls cost without a binding: the samples that `bindings/python/benches/calls.py` compares its own with.
//!
//! `cargo run --profile ship -p tastekeeper-ffi --example calls -- PACK KEY SAMPLES` prints microseconds as JSON, a list for each
//! call. Nothing is asserted: this shows, it does not judge.

#![expect(clippy::print_stdout, reason = "a command that prints what it measured")]
#![allow(clippy::disallowed_methods, reason = "this is the host that time comes from, and it measures")]

use std::collections::BTreeMap;
use std::error::Error;
use std::path::Path;
use std::sync::Arc;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use tastekeeper::platform::{Clock, DirectoryFileSystem, MemoryKeyCustodian, RandomError, SecureRandom};
use tastekeeper::{
    Config, Consent, Event, PersonalizationLevel, Platform, RecommendationKind, Recommender, Request,
};

struct Desk;

impl Clock for Desk {
    fn now_ms(&self) -> i64 {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
    }
}

impl SecureRandom for Desk {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), RandomError> {
        getrandom::fill(bytes).map_err(|_| RandomError)
    }
}

fn view(number: usize) -> Event {
    Event::view(format!("item-{}", number * 37 % 1_000))
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [pack, key, samples] = arguments.as_slice() else {
        return Err("usage: calls PACK KEY SAMPLES".into());
    };
    let samples: usize = samples.parse()?;
    let folder = std::env::temp_dir().join(format!("tastekeeper-calls-{}", std::process::id()));
    let platform = Platform {
        keys: Arc::new(MemoryKeyCustodian::default()),
        files: Arc::new(DirectoryFileSystem::create(&folder)?),
        ..Platform::in_memory(Arc::new(Desk), Arc::new(Desk))
    };
    let config = Config { model_keys: vec![std::fs::read_to_string(key)?], ..Config::default() };
    let shop = Recommender::open(config, platform)?;
    let found = measure(&shop, Path::new(pack), samples);
    drop(shop);
    std::fs::remove_dir_all(folder)?;
    println!("{}", serde_json::to_string(&found?)?);
    Ok(())
}

fn measure(
    shop: &Recommender,
    pack: &Path,
    samples: usize,
) -> tastekeeper::Result<BTreeMap<&'static str, Vec<f64>>> {
    shop.load_model(pack)?;
    shop.set_level(PersonalizationLevel::OnDevice, Some(&Consent::new("bench")))?;
    shop.track_all((0..200).map(view).collect())?;
    let mut found: BTreeMap<&'static str, Vec<f64>> = BTreeMap::new();
    for round in 0..samples {
        let mut timed = |name, call: &mut dyn FnMut() -> tastekeeper::Result<()>| {
            let started = Instant::now();
            let outcome = call();
            found.entry(name).or_default().push(started.elapsed().as_secs_f64() * 1e6);
            outcome
        };
        timed("level", &mut || shop.level().map(drop))?;
        timed("track", &mut || shop.track(view(round)).map(drop))?;
        timed("track_all(100)", &mut || shop.track_all((0..100).map(view).collect()).map(drop))?;
        let mut answer = None;
        timed("recommend(10)", &mut || {
            answer = Some(shop.recommend(Request::new(RecommendationKind::ForYou).seed(1))?);
            Ok(())
        })?;
        if let Some(answer) = answer {
            let item = &answer.items[0].item_id;
            timed("explain", &mut || shop.explain(&answer.recommendation_id, item).map(drop))?;
        }
    }
    Ok(found)
}
