//! The generated shop is a shop: its numbers are plausible, and knowing the shopper helps, but not too easily.
//!
//! Popularity is compared with a plain item-to-item count on the last new item of every shopper, all items ranked and
//! those already seen left out. The seed is fixed, so nothing here can fail by chance.

use std::collections::BTreeSet;
use std::io::Write;

use tastekeeper_models::dataset::{AttributeKind, Dataset, InteractionKind};
use tastekeeper_models::shop::{Availability, Shop, ShopConfig, generate_shop};

fn default_shop() -> Shop {
    generate_shop(&ShopConfig::default()).expect("the default configuration is in range")
}

/// The items of a sequence at their first appearance.
fn first_appearances(dataset: &Dataset, sequence: usize) -> Vec<usize> {
    let mut seen = BTreeSet::new();
    let events = &dataset.sequences[sequence].events;
    events.iter().map(|event| event.item as usize).filter(|&item| seen.insert(item)).collect()
}

/// Whether `wanted` is among the ten highest scores, items of `history` left out.
fn is_hit(scores: &[f64], history: &[usize], wanted: usize) -> bool {
    let better = |item: usize| {
        scores[item].total_cmp(&scores[wanted]).then(wanted.cmp(&item)).is_gt() && !history.contains(&item)
    };
    (0..scores.len()).filter(|&item| better(item)).count() < 10
}

/// HR@10 of popularity and of co-occurrence within three steps.
fn hit_rates(dataset: &Dataset) -> (f64, f64) {
    let items = dataset.items.len();
    let sequences: Vec<Vec<usize>> = (0..dataset.sequences.len())
        .map(|sequence| first_appearances(dataset, sequence))
        .filter(|items| items.len() >= 3)
        .collect();
    let mut popularity = vec![0.0; items];
    let mut together = vec![0.0; items * items];
    for sequence in &sequences {
        let training = &sequence[..sequence.len() - 1];
        for (place, &item) in training.iter().enumerate() {
            popularity[item] += 1.0;
            for (steps, &next) in training[place + 1..].iter().take(3).enumerate() {
                let weight = 1.0 / (steps as f64 + 1.0);
                together[item * items + next] += weight;
                together[next * items + item] += weight;
            }
        }
    }
    let (mut of_popularity, mut of_together) = (0_u32, 0_u32);
    for sequence in &sequences {
        let (&wanted, history) = sequence.split_last().expect("three items or more");
        of_popularity += u32::from(is_hit(&popularity, history, wanted));
        let mut scores = vec![0.0; items];
        for (back, &item) in history.iter().rev().take(8).enumerate() {
            let row = &together[item * items..(item + 1) * items];
            for (score, (count, popular)) in scores.iter_mut().zip(row.iter().zip(&popularity)) {
                *score += count / (1.0 + popular + popularity[item]).sqrt() * 0.7_f64.powf(back as f64);
            }
        }
        of_together += u32::from(is_hit(&scores, history, wanted));
    }
    let shoppers = sequences.len() as f64;
    (f64::from(of_popularity) / shoppers, f64::from(of_together) / shoppers)
}

#[test]
fn what_goes_together_predicts_better_than_what_sells() {
    let (popularity, together) = hit_rates(&default_shop().dataset);
    writeln!(std::io::stderr(), "HR@10: popularity {popularity:.4}, co-occurrence {together:.4}")
        .expect("standard error takes a line");
    assert!(together > 4.0 * popularity, "personalisation is worth its while: {together} {popularity}");
    assert!(together < 0.5, "yet it is not trivial: {together}");
    assert!(popularity > 10.0 / 3_000.0, "and there are bestsellers: {popularity}");
}

#[test]
fn counts_are_as_configured() {
    let shop = default_shop();
    let config = ShopConfig::default();
    let dataset = &shop.dataset;
    let events: usize = dataset.sequences.iter().map(|sequence| sequence.events.len()).sum();
    let mut of_kind = [0_usize; 4];
    for event in dataset.sequences.iter().flat_map(|sequence| &sequence.events) {
        of_kind[event.kind as usize] += 1;
    }
    writeln!(
        std::io::stderr(),
        "{} products, {} in the log, {} shoppers, {events} events, by kind {of_kind:?}",
        shop.products.len(),
        dataset.items.len(),
        dataset.sequences.len(),
    )
    .expect("standard error takes a line");
    assert_eq!(shop.products.len(), 3_000);
    assert!(dataset.sequences.len() > 3_950);
    assert!((130_000..170_000).contains(&events), "{events}");
    assert!(dataset.items.len() > 2_300, "most products were touched: {}", dataset.items.len());
    let share = |kind: InteractionKind| of_kind[kind as usize] as f64 / events as f64;
    assert!((0.6..0.9).contains(&share(InteractionKind::View)));
    assert!(share(InteractionKind::Cart) > share(InteractionKind::Purchase));
    assert!((0.02..0.15).contains(&share(InteractionKind::Purchase)));
    assert!((0.01..0.15).contains(&share(InteractionKind::Wishlist)));
    let start_ms = config.now_ms - i64::from(config.days) * 86_400_000;
    for sequence in &dataset.sequences {
        assert!(sequence.events.is_sorted_by(|a, b| a.time_ms < b.time_ms));
        assert!(sequence.events.iter().all(|event| {
            event.time_ms.is_some_and(|time_ms| (start_ms..config.now_ms).contains(&time_ms))
        }));
    }
}

#[test]
fn the_catalogue_is_plausible() {
    let shop = default_shop();
    let config = ShopConfig::default();
    let roots = shop.categories.iter().filter(|node| node.parent.is_none()).count();
    assert!(roots >= 12);
    let ids: BTreeSet<&str> = shop.products.iter().map(|product| product.id.as_str()).collect();
    assert_eq!(ids.len(), shop.products.len());
    let nodes: BTreeSet<&str> = shop.categories.iter().map(|node| node.id.as_str()).collect();
    let used: BTreeSet<&str> = shop.products.iter().map(|product| product.category[0].as_str()).collect();
    assert_eq!(used.len(), roots, "every root sells something");
    let titles: BTreeSet<&str> = shop.products.iter().map(|product| product.title.as_str()).collect();
    assert!(titles.len() * 20 > shop.products.len() * 19, "titles tell products apart: {}", titles.len());
    for product in &shop.products {
        assert_eq!(product.category.len(), 3);
        assert!(product.category.iter().all(|node| nodes.contains(node.as_str())));
        assert!(product.price > 0.5 && product.price < 20_000.0);
        assert!(product.created_at_ms < config.now_ms);
        assert!(product.attributes.contains_key("style") != product.attributes.contains_key("character"));
    }
    let groups = shop.products.iter().filter(|product| product.group_id.is_some()).count();
    assert!((600..2_400).contains(&groups), "{groups} products have variants");
    let sold_out =
        shop.products.iter().filter(|product| product.availability == Availability::OutOfStock).count();
    assert!((100..400).contains(&sold_out), "{sold_out} products are out of stock");

    let two_weeks_ago = config.now_ms - 14 * 86_400_000;
    let in_log: BTreeSet<&str> = shop.dataset.items.iter().map(String::as_str).collect();
    let new: Vec<&str> = shop
        .products
        .iter()
        .filter(|product| product.created_at_ms > two_weeks_ago)
        .map(|product| product.id.as_str())
        .collect();
    let seen = new.iter().filter(|id| in_log.contains(*id)).count();
    assert!(new.len() >= 50, "{} new arrivals", new.len());
    assert!(seen * 2 < new.len(), "{seen} of {} new arrivals are in the log", new.len());
}

#[test]
fn items_are_described_and_repeats_happen() {
    let shop = default_shop();
    let dataset = &shop.dataset;
    assert_eq!(dataset.attributes.of_item.len(), dataset.items.len());
    for attributes in &dataset.attributes.of_item {
        let count = |kind| {
            attributes
                .iter()
                .filter(|&&index| dataset.attributes.entries[index as usize].kind == kind)
                .count()
        };
        assert_eq!(count(AttributeKind::Category), 3);
        assert_eq!(count(AttributeKind::Brand), 1);
        assert!(count(AttributeKind::Other) >= 2, "price band, and style or character");
    }
    let bought_again = dataset.sequences.iter().filter(|sequence| {
        let mut bought = BTreeSet::new();
        let mut purchases = sequence.events.iter().filter(|event| event.kind == InteractionKind::Purchase);
        purchases.any(|event| !bought.insert(event.item))
    });
    let shoppers = bought_again.count();
    assert!(shoppers > 400, "what is used up is bought again: by {shoppers} shoppers");
}

#[test]
fn personas_differ_and_are_not_in_the_log() {
    let shop = default_shop();
    let dataset = &shop.dataset;
    assert_eq!(shop.personas.len(), 4);
    let categories_of = |persona: usize| -> BTreeSet<u32> {
        let events = &shop.personas[persona].sequence.events;
        let leaf = |item: u32| {
            let attributes = &dataset.attributes.of_item[item as usize];
            *attributes
                .iter()
                .filter(|&&index| dataset.attributes.entries[index as usize].kind == AttributeKind::Category)
                .max()
                .expect("three categories")
        };
        events.iter().map(|event| leaf(event.item)).collect()
    };
    for (number, persona) in shop.personas.iter().enumerate() {
        assert!(persona.sequence.events.len() >= 30, "{}: {}", persona.name, persona.sequence.events.len());
        assert!(dataset.sequences.iter().all(|sequence| sequence.user != persona.sequence.user));
        for other in 0..number {
            let (mine, theirs) = (categories_of(number), categories_of(other));
            let shared = mine.intersection(&theirs).count();
            assert!(shared * 2 < mine.len().min(theirs.len()), "{number} and {other} share {shared}");
        }
    }
}

#[test]
fn another_seed_is_another_shop() {
    let config = ShopConfig { products: 600, shoppers: 40, ..ShopConfig::default() };
    let shop = generate_shop(&config).unwrap();
    assert_eq!(generate_shop(&config).unwrap(), shop);
    let other = generate_shop(&ShopConfig { seed: 2, ..config }).unwrap();
    assert_ne!(other.products, shop.products);
    assert_ne!(other.dataset.sequences, shop.dataset.sequences);
}

#[test]
fn a_configuration_out_of_range_is_refused_by_name() {
    let default = ShopConfig::default;
    for (config, field) in [
        (ShopConfig { products: 499, ..default() }, "products"),
        (ShopConfig { shoppers: 0, ..default() }, "shoppers"),
        (ShopConfig { events_per_shopper: f64::NAN, ..default() }, "events_per_shopper"),
        (ShopConfig { days: 5, ..default() }, "days"),
        (ShopConfig { now_ms: 0, ..default() }, "now_ms"),
    ] {
        assert_eq!(generate_shop(&config).unwrap_err().field, field);
    }
}
