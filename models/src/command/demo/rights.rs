//! What the shopper can say: not interested, and forget that.

use tastekeeper::{
    Event, Forget, HistoryEntry, PersonalizationLevel, ProfileSummary, Reason, Recommendation,
    Recommendations, Request, Subject,
};

use super::phone::{Home, Phone};
use super::screen::{Cell, Look, Screen, yes_or_no};
use super::shop::Shopper;
use crate::command::failure::Failure;

/// How long the list is in which lookalikes are looked for.
const LONG: usize = 100;
/// How many lookalikes are shown.
const LOOKALIKES: usize = 5;

/// Marks the item; shows that it is gone and where its lookalikes went.
pub(super) fn show_not_interested(
    home: &Home<'_>,
    phone: &Phone,
    top: &Recommendation,
    screen: &mut Screen<'_>,
) -> Result<(), Failure> {
    screen.heading(6, "Not interested");
    // Best first, without variety, so that places are scores' places; the item itself does not count.
    let long = || -> Result<Vec<Recommendation>, Failure> {
        let request = Request { diversity: Some(0.0), ..home.request().count(LONG) };
        phone.recommend(request).map(|answer| answer.items)
    };
    let mut before = long()?;
    let was_shown = before.iter().any(|item| item.item_id == top.item_id);
    before.retain(|item| item.item_id != top.item_id);
    let event = Event::not_interested(Subject::Item(top.item_id.clone())).at(home.shop.now_ms);
    phone.engine.track(event).map_err(Failure::operation)?;
    let after = long()?;
    let place = |items: &[Recommendation], id: &str| items.iter().position(|item| item.item_id == id);
    let shown =
        |place: Option<usize>| place.map_or_else(|| format!("beyond {LONG}"), |at| format!("{}", at + 1));

    let title = screen.fit(home.shop.title(&top.item_id), 70);
    screen.line(format_args!("  \"{}\"", screen.look(Look::Strong, title)));
    let gone = was_shown && place(&after, &top.item_id).is_none();
    screen.check("gone from the list", gone, yes_or_no(gone));
    screen.note("The items most like it, and their places among all others before and after:");
    let (mut sunk, mut seen) = (0, 0);
    for (id, likeness) in lookalikes(home, &top.item_id, &before) {
        let (was, is) = (place(&before, id), place(&after, id));
        sunk += usize::from(is.is_none_or(|is| was.is_some_and(|was| is > was)));
        seen += 1;
        let title = screen.fit(home.shop.title(id), 56);
        screen.line(format_args!(
            "  {title:<56} {likeness:.2} alike, {:>3} -> {}",
            shown(was),
            screen.look(Look::Strong, shown(is))
        ));
    }
    screen.check("lookalikes sank", sunk == seen, format_args!("{sunk} of {seen}"));
    Ok(())
}

/// Items of `among` by the cosine of their vectors with `id`'s, most alike first; those that are alike at all.
fn lookalikes<'items>(home: &Home<'_>, id: &str, among: &'items [Recommendation]) -> Vec<(&'items str, f32)> {
    let model = &home.pack.model;
    let Some(index) = model.index_of(id) else { return Vec::new() };
    let (mut vector, mut other) = (vec![0.0; model.dim()], vec![0.0; model.dim()]);
    model.write_vector(index, &mut vector);
    let mut likeness = |index: u32| {
        model.write_vector(index, &mut other);
        vector.iter().zip(&other).map(|(a, b)| a * b).sum::<f32>()
    };
    let mut found: Vec<(&str, f32)> = among
        .iter()
        .filter(|item| item.item_id != id)
        .filter_map(|item| Some((item.item_id.as_str(), likeness(model.index_of(&item.item_id)?))))
        .filter(|(_, likeness)| *likeness > 0.5)
        .collect();
    found.sort_by(|left, right| right.1.total_cmp(&left.1));
    found.truncate(LOOKALIKES);
    found
}

/// Forgets the item of the history that shapes the rail most, and compares with a phone that never saw it.
pub(super) fn show_forgetting(
    home: &Home<'_>,
    phone: &Phone,
    shopper: &Shopper,
    disliked: &Recommendation,
    screen: &mut Screen<'_>,
) -> Result<(), Failure> {
    screen.heading(7, "Forget that");
    let before = phone.recommend(home.request())?;
    let Some(forgotten) = most_telling(phone, &before, &disliked.item_id)? else {
        screen.note("No item of the history shapes the rail.");
        return Ok(());
    };
    let events = phone.engine.forget(Forget::Item(forgotten.clone())).map_err(Failure::operation)?;
    let title = screen.fit(home.shop.title(&forgotten), 60);
    screen.line(format_args!(
        "  \"{}\", the item that shapes the rail most: {events} events forgotten",
        screen.look(Look::Strong, title)
    ));
    let after = phone.recommend(home.request())?;
    let column = |title: &str, note: String, answer: &Recommendations| {
        let head = Cell { title: title.to_owned(), note };
        (head, answer.items.iter().map(|item| home.shop.cell(item)).collect())
    };
    let kept = after.items.iter().filter(|item| contains(&before, &item.item_id)).count();
    let columns = [
        column("before", String::new(), &before),
        column(
            "after",
            format!("{} of {} items are new", after.items.len() - kept, after.items.len()),
            &after,
        ),
    ];
    screen.columns(&columns);

    let second = home.open_in_memory(PersonalizationLevel::OnDevice)?;
    second.live(shopper.events.iter().filter(|event| event.item != forgotten))?;
    second.clock.set(home.shop.now_ms);
    let dislike = Event::not_interested(Subject::Item(disliked.item_id.clone())).at(home.shop.now_ms);
    second.engine.track(dislike).map_err(Failure::operation)?;
    let never = second.recommend(home.request())?;
    screen.note("Compared with a second phone that lived the same but never saw the item:");
    let answers = is_same_answer(phone, &after, &second, &never)?;
    screen.check(
        "same answer",
        answers,
        format_args!(
            "items, order, reasons, scores and their parts identical to the bit: {}",
            yes_or_no(answers)
        ),
    );
    let state = knowledge(phone)? == knowledge(&second)?;
    screen.check("same state", state, format_args!("profile and history identical: {}", yes_or_no(state)));
    Ok(())
}

fn contains(answer: &Recommendations, id: &str) -> bool {
    answer.items.iter().any(|item| item.item_id == id)
}

/// The item of the history, other than the disliked one, whose parts weigh most in the answer.
fn most_telling(phone: &Phone, answer: &Recommendations, disliked: &str) -> Result<Option<String>, Failure> {
    let mut totals: std::collections::BTreeMap<String, f64> = std::collections::BTreeMap::new();
    for item in &answer.items {
        let explanation =
            phone.engine.explain(&answer.recommendation_id, &item.item_id).map_err(Failure::operation)?;
        for part in explanation.parts {
            if let Some(Reason::Viewed(id) | Reason::Bought(id) | Reason::InCart(id)) = part.reason
                && part.amount > 0.0
                && id != disliked
            {
                *totals.entry(id).or_default() += part.amount;
            }
        }
    }
    Ok(totals.into_iter().max_by(|left, right| left.1.total_cmp(&right.1)).map(|(id, _)| id))
}

/// Whether two answers and all their explanations are the same to the bit, but for the answers' own ids.
fn is_same_answer(
    phone: &Phone,
    answer: &Recommendations,
    second: &Phone,
    other: &Recommendations,
) -> Result<bool, Failure> {
    if answer.items.is_empty() || answer.items.len() != other.items.len() {
        return Ok(false);
    }
    for (left, right) in answer.items.iter().zip(&other.items) {
        if left != right || left.score.to_bits() != right.score.to_bits() {
            return Ok(false);
        }
        let explain = |phone: &Phone, id: &str| {
            let explanation = phone.engine.explain(id, &left.item_id).map_err(Failure::operation)?;
            let bits =
                explanation.parts.iter().map(|part| (part.reason.clone(), part.via, part.amount.to_bits()));
            Ok::<_, Failure>(bits.collect::<Vec<_>>())
        };
        if explain(phone, &answer.recommendation_id)? != explain(second, &other.recommendation_id)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Everything the shopper can see of what a phone knows.
fn knowledge(phone: &Phone) -> Result<(ProfileSummary, Vec<HistoryEntry>), Failure> {
    let profile = phone.engine.profile().map_err(Failure::operation)?;
    Ok((profile, phone.engine.history(1_000, None).map_err(Failure::operation)?))
}
