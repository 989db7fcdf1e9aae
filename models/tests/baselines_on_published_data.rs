//! What the baselines reach on published logs, so that nobody compares with a weak one.
//!
//! Part of `cargo xtask test quality`, which prints the figures; about a minute. Needs the folder `TASTEKEEPER_DATA`; without it nothing is tested, and standard error says so.

#![allow(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test that fails says where, and one that does not run says so"
)]

use std::collections::BTreeMap;
use std::path::PathBuf;

use ndarray::ArrayView1;
use tastekeeper_models::baselines::fit;
use tastekeeper_models::dataset::Dataset;
use tastekeeper_models::input::{DelimitedFormat, LogFormat, read_log};
use tastekeeper_models::reference::metrics::{hit_rate_at_k, mrr_at_k, ndcg_at_k};
use tastekeeper_models::reference::rank_of;
use tastekeeper_models::train::Silent;

fn data(test: &str) -> Option<PathBuf> {
    let folder = std::env::var_os("TASTEKEEPER_DATA").map(PathBuf::from);
    if folder.is_none() {
        eprintln!("NOT RUN: {test}: TASTEKEEPER_DATA is not set");
    }
    folder
}

/// Item indices by training events, ties by id, as a pack has them: the new index of each item.
fn popular_first(dataset: &Dataset, held_out: usize) -> Vec<u32> {
    let mut counts = vec![0; dataset.items.len()];
    for sequence in &dataset.sequences {
        for event in &sequence.events[..sequence.events.len() - held_out] {
            counts[event.item as usize] += 1;
        }
    }
    let mut order: Vec<usize> = (0..counts.len()).collect();
    order.sort_by_key(|&item| (std::cmp::Reverse(counts[item]), &dataset.items[item]));
    let mut index = vec![0; order.len()];
    for (new, old) in (0u32..).zip(order) {
        index[old] = new;
    }
    index
}

/// Hit rate and NDCG at 10, hit rate and MRR at 20.
type Figures = [f64; 4];

/// Ranks `cases` (history, wanted item) with every baseline.
fn figures(
    training: &[Vec<u32>],
    items: usize,
    cases: &[(&[u32], u32)],
    repeats: bool,
) -> BTreeMap<&'static str, Figures> {
    let mut fitted = fit(training, items, &mut Silent);
    assert!(fitted.left_out.is_empty());
    let mut scores = vec![0.0; items];
    let mut out = BTreeMap::new();
    for baseline in &mut fitted.baselines {
        let ranks = cases.iter().map(|&(history, wanted)| {
            baseline.score(history, &mut scores);
            let is_excluded = |item| !repeats && history.contains(&item);
            rank_of(ArrayView1::from(&scores), wanted, is_excluded).unwrap_or(usize::MAX)
        });
        let ranks: Vec<usize> = ranks.collect();
        let figures = [
            hit_rate_at_k(&ranks, 10),
            ndcg_at_k(&ranks, 10),
            hit_rate_at_k(&ranks, 20),
            mrr_at_k(&ranks, 20),
        ];
        let [hr10, ndcg10, hr20, mrr20] = figures;
        eprintln!(
            "{:<10} hr@10 {hr10:.4} ndcg@10 {ndcg10:.4} hr@20 {hr20:.4} mrr@20 {mrr20:.4}",
            baseline.name()
        );
        out.insert(baseline.name(), figures);
    }
    out
}

#[test]
#[ignore = "takes a minute; cargo xtask test quality"]
fn reviews_leave_one_out() {
    let Some(folder) = data("reviews_leave_one_out") else { return };
    let dataset = read_log(&folder.join("beauty.sequences.txt"), &LogFormat::Sequences, &mut |_| ()).unwrap();
    let index = popular_first(&dataset, 2);
    let sequences: Vec<Vec<u32>> = dataset
        .sequences
        .iter()
        .map(|sequence| sequence.events.iter().map(|event| index[event.item as usize]).collect())
        .collect();
    // the event before the last is for validation and not trained on, but is known when the last is asked for
    let training: Vec<Vec<u32>> =
        sequences.iter().map(|events| events[..events.len() - 2].to_vec()).collect();
    let cases: Vec<(&[u32], u32)> =
        sequences.iter().map(|events| (&events[..events.len() - 1], events[events.len() - 1])).collect();
    let figures = figures(&training, dataset.items.len(), &cases, false);
    assert!((0.010..0.015).contains(&figures["popularity"][0]), "popularity: another protocol?");
    for (name, least) in [("item-knn", 0.065), ("markov", 0.060), ("ease", 0.065)] {
        assert!(figures[name][0] >= least, "{name} is {}, wanted at least {least}", figures[name][0]);
    }
}

#[test]
#[ignore = "takes a minute; cargo xtask test quality"]
fn clicks_next_click() {
    let Some(folder) = data("clicks_next_click") else { return };
    let read = |name: &str| {
        let format = LogFormat::Delimited(DelimitedFormat::tsv("SessionId", "ItemId").time("Time"));
        read_log(&folder.join(name), &format, &mut |_| ()).unwrap()
    };
    let (train, valid) = (read("yoochoose-100k.train.tsv"), read("yoochoose-100k.valid.tsv"));
    let index = popular_first(&train, 0);
    let of_id: BTreeMap<&str, u32> =
        train.items.iter().map(String::as_str).zip(index.iter().copied()).collect();
    let training: Vec<Vec<u32>> = train
        .sequences
        .iter()
        .map(|sequence| sequence.events.iter().map(|event| index[event.item as usize]).collect())
        .collect();
    let sessions: Vec<Vec<u32>> = valid
        .sequences
        .iter()
        .map(|sequence| {
            // an item that training never saw is unknown: no index, a miss when it is wanted
            let known = |id: &String| of_id.get(id.as_str()).copied().unwrap_or(u32::MAX);
            sequence.events.iter().map(|event| known(&valid.items[event.item as usize])).collect()
        })
        .collect();
    let cases: Vec<(&[u32], u32)> = sessions
        .iter()
        .flat_map(|events| (1..events.len()).map(move |position| (&events[..position], events[position])))
        .collect();
    let figures = figures(&training, train.items.len(), &cases, true);
    for (name, least) in [("item-knn", 0.62), ("markov", 0.50), ("ease", 0.40)] {
        assert!(figures[name][2] >= least, "{name} is {}, wanted at least {least}", figures[name][2]);
    }
}
