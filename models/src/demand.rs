//! What a shop does with demand: popularity by category follows it.
//!
//! In: how often each item was touched in the log, the topic of each item, the latest shown epoch. Out: counts whose shares by
//! topic are those of the demand. Must never change the order of items within a topic, or follow what lies within the noise.

use std::collections::BTreeMap;

use ndarray::Axis;

use crate::aggregate::{DEMAND_VERSION, Demand, EpochDemand};
use crate::dataset::{AttributeKind, AttributeTable};
use crate::trained::TrainedModel;

/// Most that a topic's popularity is raised or lowered by.
pub const MAX_FACTOR: f64 = 4.0;

/// Why popularity was not adjusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DemandError {
    /// A document of another version.
    #[error(
        "`version` is not {DEMAND_VERSION}: write the demand with this version of `tastekeeper aggregate`"
    )]
    Version,
    /// Every epoch has too few reports.
    #[error("no epoch has enough reports to be shown; keep the popularity of the log until one has")]
    NothingShown,
    /// No item lies in a category of the vocabulary.
    #[error("no item of the model has a topic; train with the categories that the vocabulary was built from")]
    NoTopics,
}

/// What a topic's popularity was multiplied with.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TopicFactor {
    /// The topic.
    pub topic: u8,
    /// Its share of what was touched in the log, among items with a topic.
    pub in_log: f64,
    /// Its share of the demand, among topics.
    pub in_demand: f64,
    /// The factor.
    pub factor: f64,
}

/// The factor of each topic that has items. Where the interval is as wide as the share itself, half of the difference is followed.
#[must_use]
pub fn factors(epoch: &EpochDemand, topic_of_item: &[u8], counts: &[u64]) -> Vec<TopicFactor> {
    let mut touched: BTreeMap<u8, u64> = BTreeMap::new();
    for (&topic, &count) in topic_of_item.iter().zip(counts).filter(|(topic, _)| **topic != 0) {
        *touched.entry(topic).or_default() += count;
    }
    let shown = |topic: u8| epoch.topics.get(usize::from(topic));
    #[expect(clippy::cast_precision_loss, reason = "counts below 2^53")]
    let all = touched.values().sum::<u64>() as f64;
    let wanted: f64 = touched.keys().filter_map(|&topic| shown(topic)).map(|topic| topic.shown).sum();
    if all <= 0.0 || wanted <= 0.0 {
        return Vec::new();
    }
    let factor = |(&topic, &count): (&u8, &u64)| {
        let demand = shown(topic)?;
        #[expect(clippy::cast_precision_loss, reason = "counts below 2^53")]
        let in_log = count as f64 / all;
        let in_demand = demand.shown / wanted;
        // the noise of the estimate, as if it were that much more of both
        let noise = (demand.high - demand.low) / 2.0 / wanted;
        let factor = ((in_demand + noise) / (in_log + noise)).clamp(1.0 / MAX_FACTOR, MAX_FACTOR);
        Some(TopicFactor { topic, in_log, in_demand, factor })
    };
    touched.iter().filter(|(_, count)| **count > 0).filter_map(factor).collect()
}

/// The counts, each multiplied with its topic's factor. An item that was touched stays so.
#[must_use]
pub fn multiplied(counts: &[u64], topic_of_item: &[u8], factors: &[TopicFactor]) -> Vec<u64> {
    let by_topic: BTreeMap<u8, f64> = factors.iter().map(|factor| (factor.topic, factor.factor)).collect();
    let one = |(&count, topic): (&u64, &u8)| {
        let factor = by_topic.get(topic).copied().unwrap_or(1.0);
        #[expect(clippy::cast_precision_loss, reason = "counts below 2^53")]
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "at most 4 times as much"
        )]
        let changed = (count as f64 * factor).round() as u64;
        changed.max(u64::from(count > 0))
    };
    counts.iter().zip(topic_of_item).map(one).collect()
}

/// The latest shown epoch, which popularity will follow.
///
/// # Errors
/// [`DemandError`] if there is none, or the document is of another version.
pub fn followed(demand: &Demand) -> Result<&EpochDemand, DemandError> {
    if demand.version != DEMAND_VERSION {
        return Err(DemandError::Version);
    }
    demand.latest().ok_or(DemandError::NothingShown)
}

/// The model with the popularity of its items adjusted to the latest shown epoch, and by what.
///
/// # Errors
/// [`DemandError`].
pub fn adjust(model: TrainedModel, demand: &Demand) -> Result<(TrainedModel, Vec<TopicFactor>), DemandError> {
    let latest = followed(demand)?;
    let topics = topics_of(&model.attributes, demand);
    let factors = factors(latest, &topics, &model.counts);
    if factors.is_empty() {
        return Err(DemandError::NoTopics);
    }
    let counts = multiplied(&model.counts, &topics, &factors);
    Ok((ranked(model, &counts), factors))
}

/// The topic of each item: that of its deepest category which has one.
fn topics_of(attributes: &AttributeTable, demand: &Demand) -> Vec<u8> {
    let named =
        demand.topics.iter().flat_map(|names| names.nodes.iter().map(|node| (node.as_str(), names.topic)));
    let by_node: BTreeMap<&str, u8> = named.collect();
    // a parent stands before its children, so the last is the deepest of a path
    let topic = |of_item: &Vec<u32>| {
        let entries = of_item.iter().rev().map(|&entry| &attributes.entries[entry as usize]);
        let categories = entries.filter(|entry| entry.kind == AttributeKind::Category);
        categories.filter_map(|entry| by_node.get(entry.name.as_str()).copied()).next().unwrap_or(0)
    };
    attributes.of_item.iter().map(topic).collect()
}

/// The model with these counts, its items ranked anew.
fn ranked(mut model: TrainedModel, counts: &[u64]) -> TrainedModel {
    let mut order: Vec<usize> = (0..model.items.len()).collect();
    order.sort_by(|&a, &b| counts[b].cmp(&counts[a]).then_with(|| model.items[a].cmp(&model.items[b])));
    let mut rank = vec![0_u32; order.len()];
    for (place, &item) in (0_u32..).zip(&order) {
        rank[item] = place;
    }
    let row = |&item: &usize| {
        let mut row = std::mem::take(&mut model.graph[item]);
        row.iter_mut().for_each(|edge| edge.0 = rank[edge.0 as usize]);
        row.sort_by(|a, b| b.1.total_cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        row
    };
    model.graph = order.iter().map(row).collect();
    model.vectors = model.vectors.select(Axis(0), &order);
    model.counts = order.iter().map(|&item| counts[item]).collect();
    model.attributes.of_item =
        order.iter().map(|&item| std::mem::take(&mut model.attributes.of_item[item])).collect();
    model.items = order.iter().map(|&item| std::mem::take(&mut model.items[item])).collect();
    model
}

#[cfg(test)]
mod tests;
