//! The rail at every level, why its items are there, and a hard filter.

use tastekeeper::{
    Availability, ExplanationPart, Filter, PersonalizationLevel, Reason, Recommendation, Source, Via,
};

use super::phone::{Home, Phone};
use super::screen::{Cell, Look, Screen, WIDTH, yes_or_no};
use super::shop::{DemoShop, Shopper};
use crate::command::failure::Failure;
use crate::shop;

/// Parts of an explanation that are shown one by one.
const PARTS: usize = 6;
/// How many history items are listed.
const LISTED: usize = 6;

/// The same shopper and moment at Off, Session and OnDevice. The last phone, on disk.
pub(super) fn show_levels(
    home: &Home<'_>,
    shopper: &Shopper,
    screen: &mut Screen<'_>,
) -> Result<Phone, Failure> {
    screen.heading(3, "One shopper, three levels");
    let (name, visit) = (screen.look(Look::Strong, &shopper.name), shopper.last_visit());
    screen.line(format_args!("  {name}: {}", shopper.about));
    let (before, now) = shopper.events.split_at(visit);
    list_items(home.shop, "this visit", now, screen);
    list_items(home.shop, "before", before, screen);
    screen.line("");

    let levels = [PersonalizationLevel::Off, PersonalizationLevel::Session, PersonalizationLevel::OnDevice];
    let mut columns = Vec::new();
    let mut opened = Vec::new();
    let mut on_disk = None;
    for level in levels {
        let phone = match level {
            PersonalizationLevel::OnDevice => home.open_on_disk(level)?,
            _ => home.open_in_memory(level)?,
        };
        phone.live(before)?;
        phone.clock.set(now.first().map_or(home.shop.now_ms, |event| event.time_ms));
        let first = phone.recommend(home.request())?;
        let personal = first.items.iter().filter(|item| item.source == Source::Personal).count();
        opened.push(format!("{level:?} {personal}"));
        phone.live(now)?;
        let rail = phone.recommend(home.request())?;
        let head = Cell {
            title: match level {
                PersonalizationLevel::Off => "Off".to_owned(),
                PersonalizationLevel::Session => "Session: this visit".to_owned(),
                _ => "OnDevice: the whole history".to_owned(),
            },
            note: format!("{} of {} events known", phone.events()?, shopper.events.len()),
        };
        columns.push((head, rail.items.iter().map(|item| home.shop.cell(item)).collect()));
        on_disk = Some(phone);
    }
    screen.columns(&columns);
    screen.note(format_args!(
        "Personal items when the app opened, before any look of this visit: {}",
        opened.join(", ")
    ));
    on_disk.ok_or_else(|| Failure::operation("no level was shown"))
}

/// The titles of some events, newest first.
fn list_items(shop: &DemoShop, label: &str, events: &[super::shop::Happening], screen: &mut Screen<'_>) {
    let mut seen: Vec<&str> = Vec::new();
    for event in events.iter().rev() {
        let leaf = shop.product(&event.item).and_then(|product| product.category.last());
        let name = leaf.map_or(shop.title(&event.item), |leaf| shop.category(leaf));
        if !seen.contains(&name) {
            seen.push(name);
        }
    }
    let more = seen.len().saturating_sub(LISTED);
    seen.truncate(LISTED);
    let more = if more > 0 { format!(", {more} more") } else { String::new() };
    let width = WIDTH - 26 - more.chars().count();
    let list = screen.fit(&format!("{} events: {}", events.len(), seen.join(", ")), width);
    screen.fact(label, format_args!("{list}{more}"));
}

/// The reasons of the personal rail, and the parts of its first personal item that the shopper does not know yet; it is
/// returned.
pub(super) fn explain(
    home: &Home<'_>,
    phone: &Phone,
    shopper: &Shopper,
    screen: &mut Screen<'_>,
) -> Result<Recommendation, Failure> {
    screen.heading(4, "Why");
    let rail = phone.recommend(home.request())?;
    for item in &rail.items {
        let title = screen.fit(home.shop.title(&item.item_id), 92);
        screen.line(format_args!("  {:>2} {}", item.position, screen.look(Look::Strong, title)));
        if !item.reasons.is_empty() {
            // What it is there to explore says little without the next reason.
            let count = if item.reasons.first() == Some(&Reason::Exploration) { 2 } else { 1 };
            let reasons: Vec<String> =
                item.reasons.iter().take(count).map(|reason| home.shop.reason(reason)).collect();
            let text = screen.fit(&reasons.join(", "), 92);
            screen.line(format_args!("     {}", screen.look(Look::Quiet, text)));
        }
    }
    let is_new = |item: &&Recommendation| shopper.events.iter().all(|event| event.item != item.item_id);
    let personal = |item: &&Recommendation| item.source == Source::Personal;
    let top = rail.items.iter().filter(personal).find(is_new).or(rail.items.first());
    let top = top.ok_or_else(|| Failure::operation("the rail is empty"))?.clone();
    let explanation =
        phone.engine.explain(&rail.recommendation_id, &top.item_id).map_err(Failure::operation)?;
    screen.line("");
    let title = screen.fit(home.shop.title(&top.item_id), 60);
    screen.line(format_args!("  What {} is made of:", screen.look(Look::Strong, title)));
    let largest = explanation.parts.iter().map(|part| part.amount.abs()).fold(f64::MIN_POSITIVE, f64::max);
    let (shown, rest) = explanation.parts.split_at(PARTS.min(explanation.parts.len()));
    for part in shown {
        show_part(&words(home.shop, part), part.amount, largest, screen);
    }
    if !rest.is_empty() {
        let amount = rest.iter().map(|part| part.amount).sum();
        show_part(&format!("{} smaller parts", rest.len()), amount, largest, screen);
    }
    let sum: f64 = explanation.parts.iter().map(|part| part.amount).sum();
    let holds = (sum - explanation.score).abs() < 1e-9;
    screen.check(
        "sum of the parts",
        holds,
        format_args!("{sum:.4}, the score is {:.4}: equal: {}", explanation.score, yes_or_no(holds)),
    );
    Ok(top)
}

fn show_part(words: &str, amount: f64, largest: f64, screen: &mut Screen<'_>) {
    let bar = screen.bar(amount / largest, 16);
    let words = screen.fit(words, 70);
    screen.line(format_args!("  {amount:>7.3} {bar} {words}"));
}

fn words(shop: &DemoShop, part: &ExplanationPart) -> String {
    let how = match part.via {
        Via::Similarity => "alike",
        Via::Transition => "others went from it to this",
        Via::Popularity => "popular",
        Via::Preference => "preference",
        Via::Demotion => "sinks",
        Via::Own => "this very item",
        Via::Freshness => "new",
        Via::Baseline => "the zero of the scale",
        Via::Rest => "everything too small to name",
        _ => "other",
    };
    match &part.reason {
        Some(reason) if part.via != Via::Popularity => {
            format!("{how}: {}", shop.reason(reason).trim_start_matches("because "))
        }
        _ => how.to_owned(),
    }
}

/// A price limit and stock as a hard filter, checked item by item against the catalogue.
pub(super) fn show_filter(home: &Home<'_>, phone: &Phone, screen: &mut Screen<'_>) -> Result<(), Failure> {
    let unfiltered = phone.recommend(home.request())?;
    let mut prices: Vec<f64> =
        unfiltered.items.iter().filter_map(|item| Some(home.shop.product(&item.item_id)?.price)).collect();
    prices.sort_by(f64::total_cmp);
    // The median of the rail: half of it has to go.
    let max = prices.get(prices.len() / 2).map_or(50.0, |price| price.floor());
    screen.heading(5, &format!("A hard filter: at most {max:.0}, in stock"));
    let filter = Filter::All(vec![
        Filter::Price { min: None, max: Some(max) },
        Filter::Availability(vec![Availability::InStock]),
    ]);
    let rail = phone.recommend(home.request().filter(filter))?;
    for item in &rail.items {
        let Cell { title, note } = home.shop.cell(item);
        let title = screen.fit(&title, 56);
        screen.line(format_args!("  {:>2} {title:<56} {}", item.position, screen.look(Look::Quiet, note)));
    }
    let passes = |item: &&Recommendation| {
        home.shop.product(&item.item_id).is_some_and(|product| {
            product.price <= max && product.availability == shop::Availability::InStock
        })
    };
    let (shown, passing) = (rail.items.len(), rail.items.iter().filter(passes).count());
    let over = prices.iter().filter(|price| **price > max).count();
    screen.check(
        "checked",
        passing == shown,
        format_args!(
            "{passing} of {shown} items satisfy it ({over} of {} were above the limit before)",
            prices.len()
        ),
    );
    Ok(())
}
