//! Other ways to recommend, for the report to compare the model with: popularity, item neighbours, the last item's
//! successors, and EASE.
//!
//! In: training sequences of item indices. Out: [`Fitted`], which scores every item for a history. Settings are fixed
//! rules of the data, the same for every shop: a baseline is a yardstick, not a candidate. Must never see an event that
//! is to be predicted; the caller cuts the sequences.
//!
//! Items that a baseline has nothing to say of follow in the order of popularity, below those it scores. One thread,
//! the same figures on every run of one machine.

mod ease;
mod inverse;
mod item_knn;
mod markov;
mod popularity;
mod sets;

use std::collections::BTreeMap;

use crate::train::Progress;
use ease::Ease;
use item_knn::ItemKnn;
use markov::Markov;
use popularity::Popularity;
use sets::Sets;

/// One way to score items.
pub trait Baseline {
    /// Its name in reports.
    fn name(&self) -> &'static str;

    /// Writes a score per item; larger is better, equal scores rank by the smaller index.
    ///
    /// `history` holds item indices, oldest first; those outside of `scores` are unknown and count for nothing.
    ///
    /// # Panics
    /// If `scores` is not as long as the number of items the baseline was fitted for.
    fn score(&mut self, history: &[u32], scores: &mut [f32]);
}

/// Baselines that learned from a log.
pub struct Fitted {
    /// Those that were fitted: popularity first, which always is.
    pub baselines: Vec<Box<dyn Baseline>>,
    /// Name and reason of those that were not.
    pub left_out: BTreeMap<String, String>,
}

/// Fits every baseline to `training`: sequences of item indices below `items`, oldest first, with repeats.
///
/// Indices from `items` on are passed over. `progress` hears the phases "item-knn" and "ease" in items.
///
/// Time is linear in events but for two: `item-knn` takes events times the length of histories, and `ease` the cube of
/// the number of items with an event, about half a minute of one core for 12 000. Memory is linear in events and items
/// (about 0.8 KB per item), and for `ease` 4 bytes times the square of the items: 0.9 GB for 15 000, above which it is
/// left out.
#[must_use]
pub fn fit(training: &[Vec<u32>], items: usize, progress: &mut dyn Progress) -> Fitted {
    let popularity = Popularity::new(training, items);
    let sets = Sets::new(training, items);
    let knn = ItemKnn::new(&sets, popularity.fallback(), progress);
    let markov = Markov::new(training, popularity.fallback());
    let mut left_out = BTreeMap::new();
    let ease = match Ease::new(&sets, popularity.fallback(), progress) {
        Ok(ease) => Some(ease),
        Err(reason) => {
            left_out.insert("ease".to_owned(), reason.to_string());
            None
        }
    };
    let mut baselines: Vec<Box<dyn Baseline>> = vec![Box::new(popularity), Box::new(knn), Box::new(markov)];
    if let Some(ease) = ease {
        baselines.push(Box::new(ease));
    }
    Fitted { baselines, left_out }
}

#[cfg(test)]
#[path = "baselines/tests.rs"]
mod tests;
