//! What a training came to: for people, for the pack that carries it, and in full as JSON.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::command::output::plain;
use crate::dataset::Dataset;
use crate::train::embedding::EmbeddingConfig;
use crate::train::graph::GraphParameters;
use crate::train::seeds::{Keep, SeedResult, Seeds};
use crate::train::{Finalist, Quality, Rung, TrainReport, Tuning};

/// What was chosen, for people.
pub(super) fn chosen(report: &TrainReport, seeds: &Seeds) -> String {
    let (graph, blend, quality) = (&report.graph, &report.blend, &report.validation);
    let protocol = match report.repeats_allowed {
        true => "next click, repeats allowed",
        false => "leave one out, known items excluded",
    };
    let mut text = format!(
        "trained on {} events of {} sequences, {} of {} items seen, {} transitions kept\n\
         graph      window {}, gamma {:.3}, delta {:.3}, rho {:.3}, alpha {:.3}, e0 {:.3}\n\
         blend      decay {:.3}, carry {:.3}, gain {:.3}, graph weight {:.3}, graph decay {:.3}, popularity weight {:.4}\n\
         embedding  {} passes, state dropout {:.2}, id dropout {:.2}; {} schedules tried\n\
         validation {} settings tried, {} cases, {protocol}: HR@10 {:.4}, NDCG@10 {:.4}, HR@20 {:.4}, MRR@20 {:.4}",
        report.interactions,
        report.sequences,
        report.items_with_events,
        report.items,
        report.edges,
        graph.count.window,
        graph.count.gamma,
        graph.count.delta,
        graph.count.rho,
        graph.alpha,
        graph.e0,
        blend.decay,
        blend.carry,
        blend.gain,
        blend.graph_weight,
        blend.graph_decay,
        blend.popularity_weight,
        report.embedding.epochs,
        report.embedding.state_dropout,
        report.embedding.id_dropout,
        report.tuning.schedules.len(),
        report.tuning.settings_tried,
        quality.cases,
        quality.hit_rate_at_10,
        quality.ndcg_at_10,
        quality.hit_rate_at_20,
        quality.mrr_at_20,
    );
    if !report.tuning.kinds.is_empty() {
        let [view, cart, wish, purchase] = blend.kind_weights;
        let _ = write!(
            text,
            "\nevents     view {view:.2}, cart {cart:.2}, wish list {wish:.2}, purchase {purchase:.2}"
        );
    }
    if seeds.results.len() > 1 {
        let (mean, spread) = seeds.spread(|seed| seed.quality.ndcg_at_10);
        let (hits, hits_spread) = seeds.spread(|seed| seed.quality.hit_rate_at_10);
        let kept = seeds.results[seeds.kept].seed;
        let why = match seeds.keep {
            Keep::Best => "the best on validation",
            Keep::First => "the first",
        };
        let _ = write!(
            text,
            "\nseeds      {}: HR@10 {hits:.4} (spread {hits_spread:.4}), NDCG@10 {mean:.4} (spread {spread:.4}) on \
             cases the search never saw; the model is that of seed {kept}, {why}",
            seeds.results.len()
        );
    }
    text
}

/// What the summary repeats of the command's arguments.
pub(super) struct Told {
    /// The split's name, as `evaluate` knows it.
    pub(super) split: String,
    /// The share that a temporal split leaves out.
    pub(super) share: Option<f64>,
    /// The preset's name.
    pub(super) preset: String,
}

/// What the pack says about its own training.
pub(super) fn summary(told: &Told, dataset: &Dataset, report: &TrainReport, seeds: &Seeds) -> Value {
    let (graph, blend) = (&report.graph, &report.blend);
    json!({
        "version": 1,
        "made_by": concat!("tastekeeper ", env!("CARGO_PKG_VERSION")),
        "preset": told.preset,
        "split": told.split,
        "share": told.share,
        "seed": seeds.results[seeds.kept].seed,
        "seeds": (seeds.results.len() > 1).then(|| of_seeds(seeds)),
        "event_weights": blend.kind_weights.map(plain),
        "event_weights_learned": !report.tuning.kinds.is_empty(),
        "data": {
            "events_in_log": dataset.sequences.iter().map(|s| s.events.len()).sum::<usize>(),
            "sequences_in_log": dataset.sequences.len(),
            "sequences": report.sequences,
            "events": report.interactions,
            "items": report.items,
            "items_with_events": report.items_with_events,
            "attributes": dataset.attributes.entries.len(),
            "repeat_share": report.repeat_share,
        },
        "repeats_allowed": report.repeats_allowed,
        "graph": with(self::graph(graph), "edges", report.edges),
        "blend": {
            "graph_weight": plain(blend.graph_weight),
            "graph_decay": plain(blend.graph_decay),
            "popularity_weight": plain(blend.popularity_weight),
        },
        "embedding": schedule(&report.embedding),
        "validation": with(quality(&report.validation), "settings_tried", report.tuning.settings_tried),
        "fresh_validation": (report.fresh.cases > 0).then(|| quality(&report.fresh)),
    })
}

/// An object with one number more.
fn with(mut object: Value, name: &str, number: usize) -> Value {
    object[name] = number.into();
    object
}

fn quality(quality: &Quality) -> Value {
    json!({
        "cases": quality.cases,
        "hr@10": quality.hit_rate_at_10,
        "ndcg@10": quality.ndcg_at_10,
        "hr@20": quality.hit_rate_at_20,
        "mrr@20": quality.mrr_at_20,
    })
}

fn schedule(embedding: &EmbeddingConfig) -> Value {
    json!({
        "members": embedding.members,
        "dim": embedding.dim,
        "epochs": embedding.epochs,
        "batch": embedding.batch,
        "negatives": embedding.negatives,
        "learning_rate": plain(embedding.learning_rate),
        "history": embedding.history,
        "state_dropout": plain(embedding.state_dropout),
        "event_dropout": plain(embedding.event_dropout),
        "id_dropout": plain(embedding.id_dropout),
    })
}

/// Means and spreads are of the validation cases that the search never saw.
fn of_seeds(seeds: &Seeds) -> Value {
    let spread = |figure: fn(&SeedResult) -> f64| {
        let (mean, deviation) = seeds.spread(figure);
        json!({ "mean": mean, "standard_deviation": deviation })
    };
    json!({
        "kept": match seeds.keep {
            Keep::Best => "best",
            Keep::First => "first",
        },
        "hr@10": spread(|seed| seed.quality.hit_rate_at_10),
        "ndcg@10": spread(|seed| seed.quality.ndcg_at_10),
        "hr@20": spread(|seed| seed.quality.hit_rate_at_20),
        "mrr@20": spread(|seed| seed.quality.mrr_at_20),
        "each": seeds.results.iter().map(|seed| {
            let mut all = quality(&seed.quality);
            all["seed"] = seed.seed.into();
            all["gain"] = seed.gain.into();
            all
        }).collect::<Vec<_>>(),
    })
}

/// The summary with everything that the tuner tried, for the file of `--report`.
pub(super) fn with_tuning(mut summary: Value, tuning: &Tuning) -> Value {
    let rung =
        |rung: &Rung| json!({ "cases": rung.cases, "settings": rung.settings, "best_gain": rung.best });
    let finalist = |finalist: &Finalist| {
        json!({
            "graph": graph(&finalist.graph),
            "graph_weight": plain(finalist.graph_weight),
            "graph_decay": plain(finalist.graph_decay),
            "popularity_weight": plain(finalist.popularity_weight),
            "searched_gain": finalist.searched_gain,
            "fresh_gain": finalist.fresh_gain,
        })
    };
    summary["tuning"] = json!({
        "searched_cases": tuning.searched_cases,
        "fresh_cases": tuning.fresh_cases,
        "settings_tried": tuning.settings_tried,
        "rounds": tuning.rounds.iter().map(|round| round.iter().map(rung).collect()).collect::<Vec<Value>>(),
        "schedules": tuning.schedules.iter().map(|trial| {
            json!({ "schedule": schedule(&trial.schedule), "gain": trial.gain, "taken": trial.taken })
        }).collect::<Vec<_>>(),
        "event_weights": tuning.kinds.iter().map(|trial| {
            json!({
                "weights": trial.weights.map(plain),
                "gain": trial.gain,
                "trained": trial.trained,
                "taken": trial.taken,
            })
        }).collect::<Vec<_>>(),
        "finalists": tuning.finalists.iter().map(finalist).collect::<Vec<_>>(),
    });
    summary
}

fn graph(graph: &GraphParameters) -> Value {
    json!({
        "window": graph.count.window,
        "gamma": plain(graph.count.gamma),
        "delta": plain(graph.count.delta),
        "rho": plain(graph.count.rho),
        "alpha": plain(graph.alpha),
        "e0": plain(graph.e0),
    })
}
