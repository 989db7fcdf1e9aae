//! A phone that never saw what was forgotten: everything that remains is done again on a new one, and both must give the
//! same history, profile and answers, to the bit.

use tastekeeper::{PersonalizationLevel as Level, Recommender};

use super::calls::{Said, config, consent, make, model};
use super::ideal::Ideal;
use super::step::{Call, Offer};
use crate::phone::{DAY_MS, Phone, category};
use crate::promise::{Checked, ensure, requests, same_answers};

/// Compares the engine with a new phone that did only what `ideal` still holds. Returns whether it could: a clock that was
/// moved far cannot be replayed within one consent.
///
/// # Errors
/// Where they differ.
pub fn compare(shop: &Recommender, ideal: &Ideal, now_ms: i64) -> Result<bool, String> {
    let times = ideal.kept.events.iter().map(|memory| memory.time_ms).chain([now_ms]);
    let (first, last) = (times.clone().min().unwrap_or(now_ms), times.max().unwrap_or(now_ms));
    let mut ids: Vec<u32> = ideal.kept.events.iter().filter_map(|memory| memory.id).collect();
    let with_id = ids.len();
    ids.sort_unstable();
    ids.dedup();
    // Two people's events, or the halves of a split purchase, may share an id; no app can send them again.
    if last - first > 300 * DAY_MS || first < 0 || ids.len() < with_id {
        return Ok(false);
    }
    let text = |error: tastekeeper::Error| error.to_string();
    let phone = Phone::on(crate::fault::FaultyDevice::new(), first, 5);
    let settings = super::step::Settings { notices: Vec::new(), ..ideal.settings.clone() };
    let twin = Recommender::open(config(&settings), phone.platform()).map_err(text)?;
    if ideal.has_model {
        twin.install_model(model(2)).map_err(text)?;
    }
    fill_catalogue(&phone, &twin, ideal)?;
    let level = ideal.level(now_ms);
    phone.clock.set(first);
    if level > Level::Off {
        twin.set_level(level, Some(&consent(1))).map_err(text)?;
    }
    for memory in &ideal.kept.events {
        phone.clock.set(memory.time_ms);
        let tracked = twin.track(memory.deed.event(None, memory.id)).map_err(text)?;
        let kept = !matches!(tracked, tastekeeper::Tracked::Ignored(_));
        ensure(kept, || format!("the twin does not keep {memory:?}: {tracked:?}"))?;
    }
    // A visit that was idle on the way would end.
    if level == Level::Session && last - first >= i64::from(settings.idle_minutes) * 60_000 {
        return Ok(false);
    }
    phone.clock.set(now_ms);
    for (&number, &boost) in &ideal.kept.interests {
        let (said, _) = make(&twin, &Call::Interest(number, Some(boost)), &[], now_ms);
        ensure(said == Said::Done, || {
            format!("the twin refuses an interest in {}: {said:?}", category(number))
        })?;
    }
    ensure(twin.level() == shop.level(), || "the twin is at another level".into())?;
    ensure(twin.history(1_000, None) == shop.history(1_000, None), || "the history differs".into())?;
    ensure(twin.profile() == shop.profile(), || {
        format!("the profile differs: {:?}, not {:?}", shop.profile(), twin.profile())
    })?;
    let counts = |shop: &Recommender| shop.stats().map(|stats| (stats.events, stats.unknown_items));
    ensure(counts(&twin) == counts(shop), || "the counts differ".into())?;
    ensure(twin.recommend_categories(10) == shop.recommend_categories(10), || {
        "the categories differ".into()
    })?;
    same_answers("a phone that never saw more", &lasting(&twin)?, &lasting(shop)?)?;
    Ok(true)
}

/// The answers that depend on nothing of the visit, such as what was shown in it.
fn lasting(shop: &Recommender) -> Result<Vec<Vec<tastekeeper::Recommendation>>, String> {
    let lasting = requests().into_iter().filter(|request| request.rotation_rate == 0.0);
    lasting
        .map(|request| shop.recommend(request).map(|answer| answer.items).map_err(|error| error.to_string()))
        .collect()
}

fn fill_catalogue(phone: &Phone, twin: &Recommender, ideal: &Ideal) -> Checked {
    let place = phone.clock.clone();
    for (&number, known) in &ideal.catalogue {
        let call = match known {
            None => Call::Remove(number),
            Some(known) => {
                let offer = Offer {
                    category: known.category,
                    brand: known.brand,
                    price: known.price,
                    available: known.available,
                    expires: known.expires_ms.is_some(),
                };
                Call::Upsert(number, offer)
            }
        };
        // `make` dates an offer's end by the time it is given.
        let end = known.as_ref().and_then(|known| known.expires_ms);
        let now_ms =
            end.map_or_else(|| tastekeeper::platform::Clock::now_ms(&*place), |end| end - 2 * DAY_MS);
        let (said, _) = make(twin, &call, &[], now_ms);
        ensure(said == Said::Done, || format!("the twin refuses {call:?}: {said:?}"))?;
    }
    Ok(())
}
