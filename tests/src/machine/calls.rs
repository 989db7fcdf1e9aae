//! The calls as an app makes them.

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use tastekeeper::consent::cmp::{CmpPolicy, CmpSignals};
use tastekeeper::consent::verify_receipts;
use tastekeeper::model::Model;
use tastekeeper::{
    Availability, CategoryRecommendation, Config, Consent, Context, Error, Event, Forget, Interest, Item,
    ItemPatch, PersonalizationLevel as Level, Recommendations, Recommender, Result, Tracked,
};

use super::plan::Plan;
use super::step::{Call, Scope, Settings, Way};
use crate::phone::{DAY_MS, Phone, brand, category, item, sample_pack, trusted_key};

/// The name of a profile.
#[must_use]
pub fn profile_name(number: usize) -> String {
    format!("profile-canary-{number}")
}

/// An answer to a notice.
#[must_use]
pub fn consent(notice: u32) -> Consent {
    Consent::new(format!("notice-{notice}"))
}

/// What a consent platform may have left, and the cap it comes to.
#[must_use]
pub fn platform_signals(number: usize) -> (CmpSignals, Option<Level>) {
    let national = |text: &str| vec![("IABGPP_HDR_Version", 1.into()), ("IABGPP_7_String", text.into())];
    let (pairs, cap) = match number {
        0 => (Vec::new(), None),
        1 => (national("CVVqAAAAAABA"), Some(Level::Shared)),
        2 => (national("CVVVAAAAAABA"), Some(Level::OnDevice)),
        3 => (national("CVVaAAAAABBA.YA"), Some(Level::Session)),
        _ => {
            let refused = [("IABTCF_gdprApplies", 1.into()), ("IABTCF_PublisherConsent", "".into())];
            (refused.to_vec(), Some(Level::Off))
        }
    };
    (CmpSignals::new(pairs).expect("few short keys"), cap)
}

/// What the app opens the engine with.
#[must_use]
pub fn config(settings: &Settings) -> Config {
    use tastekeeper::store::Durability;
    Config {
        profile: profile_name(settings.profile),
        max_level: settings.max_level,
        accepted_notices: settings.notices.iter().map(|number| format!("notice-{number}")).collect(),
        retention_days: settings.days,
        max_events: settings.max_events,
        event_durability: if settings.power { Durability::Power } else { Durability::Process },
        session_idle_minutes: settings.idle_minutes,
        ..Phone::config()
    }
}

/// A version of the sample model, opened once for all sequences.
#[must_use]
pub fn model(version: u64) -> Arc<Model> {
    static MODELS: OnceLock<[Arc<Model>; 2]> = OnceLock::new();
    let open = |version| Arc::new(Model::open(pack(version), &[trusted_key()]).expect("just written"));
    let models = MODELS.get_or_init(|| [open(1), open(2)]);
    Arc::clone(&models[usize::from(version == 2)])
}

fn pack(version: u64) -> &'static [u8] {
    static PACKS: OnceLock<[Vec<u8>; 2]> = OnceLock::new();
    &PACKS.get_or_init(|| [sample_pack(1), sample_pack(2)])[usize::from(version == 2)]
}

/// A file with a version of the sample model.
fn pack_file(version: u64) -> PathBuf {
    static FOLDER: OnceLock<tempfile::TempDir> = OnceLock::new();
    let folder = FOLDER.get_or_init(|| {
        let folder = tempfile::tempdir().expect("a folder for two files");
        for version in [1, 2] {
            std::fs::write(folder.path().join(version.to_string()), pack(version)).expect("a small file");
        }
        folder
    });
    folder.path().join(version.to_string())
}

/// How a call ended, as far as an app can tell.
#[derive(Clone, Debug, PartialEq)]
pub enum Said {
    /// It worked.
    Done,
    /// It worked, and said what became of events.
    Tracked(Vec<Tracked>),
    /// It worked, and counted.
    Count(usize),
    /// It worked, and said what the consent platform allows.
    Cap(Option<Level>),
    /// An argument was wrong.
    Invalid,
    /// A consent is missing.
    ConsentRequired,
    /// A newer model was installed before.
    OlderModel,
    /// The engine is closed.
    Closed,
    /// Files, keys or randomness failed; nothing changed.
    Failed,
    /// It took effect, but something could not be removed or made durable yet.
    Pending,
    /// Something that must never be said.
    Wrong(String),
}

impl Said {
    /// What an error says.
    #[must_use]
    pub fn error(error: Error) -> Self {
        match error {
            Error::InvalidArgument { .. } => Self::Invalid,
            Error::ConsentRequired { .. } => Self::ConsentRequired,
            Error::ModelInvalid { .. } => Self::OlderModel,
            Error::Closed => Self::Closed,
            Error::StorageUnavailable { .. }
            | Error::StorageFull
            | Error::KeyUnavailable { .. }
            | Error::RandomUnavailable => Self::Failed,
            Error::ErasurePending { .. } => Self::Pending,
            other => Self::Wrong(other.to_string()),
        }
    }
}

/// What a call gave, for the checks that need it.
#[derive(Clone, Debug)]
pub enum Given {
    /// Nothing to check.
    Nothing,
    /// An answer to a plan.
    Answer(Plan, Recommendations),
    /// More of the answer with this number.
    More(usize, Recommendations),
    /// An order of these items.
    Order(Vec<String>, Recommendations),
    /// Categories.
    Categories(Vec<CategoryRecommendation>),
}

/// Answers that an app remembers: id, plan, items.
pub type Answers = [(String, Plan, Vec<String>)];

/// Makes a call.
pub fn make(shop: &Recommender, call: &Call, answers: &Answers, now_ms: i64) -> (Said, Given) {
    let mut given = Given::Nothing;
    let said = call_engine(shop, call, answers, now_ms, &mut given);
    (said.unwrap_or_else(Said::error), given)
}

fn call_engine(
    shop: &Recommender,
    call: &Call,
    answers: &Answers,
    now_ms: i64,
    given: &mut Given,
) -> Result<Said> {
    let done = |()| Said::Done;
    let event = |(deed, age, id): &(super::deed::Deed, Option<i64>, Option<u32>)| -> Event {
        deed.event(age.map(|age| now_ms - age), *id)
    };
    let numbered = |place: usize| (!answers.is_empty()).then(|| &answers[place % answers.len()]);
    Ok(match call {
        Call::Track(deed, age, id) => Said::Tracked(vec![shop.track(event(&(deed.clone(), *age, *id)))?]),
        Call::TrackAll(events) => Said::Tracked(shop.track_all(events.iter().map(event).collect())?),
        Call::Recommend(plan) => {
            *given = Given::Answer(plan.clone(), shop.recommend(plan.request())?);
            Said::Done
        }
        Call::Next(place) => match numbered(*place) {
            None => shop.recommend_next("no answer", 3).map(|_| Said::Wrong("an answer".into()))?,
            Some((id, _, _)) => {
                *given = Given::More(place % answers.len(), shop.recommend_next(id, 3)?);
                Said::Done
            }
        },
        Call::Explain(place) => match numbered(*place) {
            None => shop.explain("no answer", "no item").map(|_| Said::Wrong("why".into()))?,
            Some((id, _, items)) => {
                let first = items.first().map_or("no item", String::as_str);
                shop.explain(id, first).map(|_| Said::Done)?
            }
        },
        Call::Rerank(numbers) => {
            let mut ids: Vec<String> = numbers.iter().map(|&number| item(number)).collect();
            ids.sort_unstable();
            ids.dedup();
            let order = shop.rerank(&ids, Context::default())?;
            *given = Given::Order(ids, order);
            Said::Done
        }
        Call::Categories => {
            *given = Given::Categories(shop.recommend_categories(5)?);
            Said::Done
        }
        Call::SetLevel(level, notice) => shop.set_level(*level, notice.map(consent).as_ref()).map(done)?,
        Call::Cmp(number) => {
            Said::Cap(shop.apply_cmp_signals(&platform_signals(*number).0, &CmpPolicy::default())?.cap)
        }
        Call::Protect(on) => shop.set_protected(*on).map(done)?,
        Call::Kill(on) => shop.set_kill_switch(*on).map(done)?,
        Call::Pause(on) => shop.pause(*on).map(done)?,
        Call::Interest(number, interest) => {
            let interest = match interest {
                Some(true) => Interest::Boost,
                Some(false) => Interest::Mute,
                None => Interest::Neutral,
            };
            shop.set_interest(&category(*number), interest).map(done)?
        }
        Call::Private(on) => shop.set_private_session(*on).map(done)?,
        Call::Forget(scope) => Said::Count(shop.forget(scope_of(shop, scope, now_ms)?)?),
        Call::Learn(scope, on) => Said::Count(shop.set_learning(scope_of(shop, scope, now_ms)?, *on)?),
        Call::Switch(name) => shop.switch_profile(&profile_name(*name)).map(done)?,
        Call::Merge(name) => shop.merge_profile(&profile_name(*name)).map(done)?,
        Call::Delete(name) => shop.delete_profile(&profile_name(*name)).map(done)?,
        Call::Upsert(number, offer) => {
            let item = Item {
                category: offer.category.map(category).into_iter().collect(),
                brand: offer.brand.map(brand),
                price: offer.price.map(f64::from),
                availability: availability(offer.available),
                expires_at_ms: offer.expires.then_some(now_ms + 2 * DAY_MS),
                ..Item::new(item(*number))
            };
            shop.upsert_items(vec![item]).map(done)?
        }
        Call::Patch(number, available) => {
            let patch =
                ItemPatch { availability: Some(availability(*available)), ..ItemPatch::new(item(*number)) };
            shop.patch_items(vec![patch]).map(done)?
        }
        Call::Remove(number) => shop.remove_items(vec![item(*number)]).map(done)?,
        Call::Load(version, way) => match way {
            Way::Install => shop.install_model(model(*version)),
            Way::Bytes => shop.load_model_bytes(pack(*version)),
            Way::Path => shop.load_model(&pack_file(*version)),
        }
        .map(|_| Said::Done)?,
        Call::Read => {
            shop.stats()?;
            shop.profiles()?;
            shop.history(3, Some(now_ms))?;
            shop.export_data()?;
            let document = shop.export_receipts()?;
            let owned = shop.owns_receipts(&document)?;
            let written = verify_receipts(&document)?.receipts.iter().all(|receipt| receipt.seal.is_some());
            if owned != written {
                return Ok(Said::Wrong("its own receipts are foreign".into()));
            }
            Said::Done
        }
        Call::WarmUp => shop.warm_up().map(done)?,
        Call::Close => {
            shop.close();
            Said::Done
        }
    })
}

fn availability(available: bool) -> Availability {
    if available { Availability::InStock } else { Availability::OutOfStock }
}

fn scope_of(shop: &Recommender, scope: &Scope, now_ms: i64) -> Result<Forget> {
    Ok(match scope {
        Scope::Event(place) => {
            let history = shop.history(1_000, None)?;
            let entry = (!history.is_empty()).then(|| history[place % history.len()].event);
            Forget::Event(entry.unwrap_or(tastekeeper::EventRef(7)))
        }
        Scope::Item(number) => Forget::Item(item(*number)),
        Scope::Category(number) => Forget::Category(category(*number)),
        Scope::Since(age) => Forget::Since(now_ms - age),
        Scope::Everything => Forget::Everything,
    })
}
