//! Logs of shops that do not exist, in three shapes, as large as wanted.
//!
//! In: a [`LogConfig`]. Out: a [`LogSource`] that gives the log shopper by shopper, the same to the byte for the same
//! configuration on every platform; its memory is linear in items and does not depend on shoppers.
//! For checks that training fits itself to the data, and for measuring time and memory. Where [`crate::shop`] has titles,
//! prices and personas, these logs have nothing but events, categories and brands.
//! Must never be evidence for quality on real shoppers, and training must never be told how a log was made.

mod long_tail;
mod mixed;
mod sessions;
mod world;

use std::io;
use std::path::Path;

use crate::dataset::{Dataset, Interaction};
use crate::input::{DatasetBuilder, ItemDescription, UnlistedItems, describe_items};
use crate::shop::draws::Draws;
use crate::shop::files::{word, write_whole};
use world::World;

/// The log: `user,item,time`, or `user,item,event,time` where events have kinds; one shopper after the other.
pub const LOG_FILE: &str = "log.csv";
/// The items: `item,category,brand`, a category as the path `aa>aa-1`.
pub const ITEMS_FILE: &str = "items.csv";

/// What the log looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogShape {
    /// Short click sessions: a few items take most clicks and are out of fashion within weeks, a fifth of the clicks
    /// returns to an item of the session, and which item follows which is half of what there is to learn.
    Sessions,
    /// Many items and 5 to 12 events per shopper, none repeated: half of the events follow a taste for categories and
    /// brands, so that attributes tell something about items with hardly any events.
    LongTail,
    /// Views, carts, wishes and purchases: most views are of what the shop shows everybody, what a shopper puts aside or
    /// buys follows a taste.
    Mixed,
}

/// What to generate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LogConfig {
    /// What the log looks like.
    pub shape: LogShape,
    /// Everything random follows from it.
    pub seed: u64,
    /// Shoppers or sessions: 1 to 10 000 000. There are about 5 events for each in [`LogShape::Sessions`], 7 in
    /// [`LogShape::LongTail`] and 20 in [`LogShape::Mixed`].
    pub users: usize,
    /// Items: 100 to 1 000 000.
    pub items: usize,
}

/// A field of a [`LogConfig`] is out of its range.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("generated log: {field} must be {expected}")]
pub struct LogConfigError {
    /// The field.
    pub field: &'static str,
    /// Its range.
    pub expected: &'static str,
}

/// A log that is made as it is read.
#[derive(Debug)]
pub struct LogSource {
    config: LogConfig,
    world: World,
}

/// When the logs begin and how long they are: 120 days up to 1 June 2026.
const BEGIN_MS: i64 = END_MS - 120 * 86_400_000;
const END_MS: i64 = 1_780_272_000_000;

impl LogSource {
    /// Lays out items. `O(items)`.
    ///
    /// # Errors
    /// [`LogConfigError`] naming the field out of its range.
    ///
    /// # Examples
    /// ```
    /// use tastekeeper_models::generate::{LogConfig, LogShape, LogSource};
    ///
    /// let config = LogConfig { shape: LogShape::LongTail, seed: 1, users: 50, items: 100 };
    /// let log = LogSource::new(&config)?.dataset();
    /// assert!(log.sequences.iter().all(|shopper| (1..=12).contains(&shopper.events.len())));
    /// # Ok::<(), tastekeeper_models::generate::LogConfigError>(())
    /// ```
    pub fn new(config: &LogConfig) -> Result<Self, LogConfigError> {
        let fields = [
            ((1..=10_000_000).contains(&config.users), "users", "1 to 10000000"),
            ((100..=1_000_000).contains(&config.items), "items", "100 to 1000000"),
        ];
        match fields.into_iter().find(|(fits, ..)| !fits) {
            Some((_, field, expected)) => Err(LogConfigError { field, expected }),
            None => Ok(Self { config: *config, world: World::new(config) }),
        }
    }

    /// Calls `take` with the number of every shopper and their events, oldest first; an item is its number.
    ///
    /// # Errors
    /// The first error of `take`, which ends the log.
    pub fn for_each_user<E>(
        &self,
        mut take: impl FnMut(usize, &[Interaction]) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut events = Vec::new();
        let mut fashion = sessions::Fashion::default();
        for user in 0..self.config.users {
            events.clear();
            let mut draws = Draws::new(self.config.seed, FIRST_USER_STREAM + user as u64);
            match self.config.shape {
                LogShape::Sessions => {
                    let begin = self.moment(user, &mut draws);
                    fashion.move_to(&self.world, begin);
                    sessions::session(&self.world, &fashion, begin, &mut draws, &mut events);
                }
                LogShape::LongTail => long_tail::shopper(&self.world, &mut draws, &mut events),
                LogShape::Mixed => mixed::shopper(&self.world, &mut draws, &mut events),
            }
            take(user, &events)?;
        }
        Ok(())
    }

    /// Session `user` of all begins here: sessions come evenly and in order, so that fashion only goes forward.
    fn moment(&self, user: usize, draws: &mut Draws) -> i64 {
        let share = (user as f64 + draws.unit()) / self.config.users as f64;
        #[expect(clippy::cast_possible_truncation, reason = "a part of 120 days")]
        let after = (share * (END_MS - BEGIN_MS) as f64) as i64;
        BEGIN_MS + after
    }

    /// The log with its items' categories and brands. Memory is linear in events.
    ///
    /// # Panics
    /// Never: the configuration is below the limits of a dataset.
    #[must_use]
    pub fn dataset(&self) -> Dataset {
        let mut builder = DatasetBuilder::default();
        self.for_each_user(|user, events| {
            let user = user_id(user);
            events.iter().try_for_each(|event| {
                builder.add(&user, &self.world.id(event.item), event.kind, event.time_ms)
            })
        })
        .expect("the configuration is below the limits");
        let mut dataset = builder.finish();
        let described: Vec<(String, ItemDescription)> = (0u32..)
            .take(self.config.items)
            .map(|item| (self.world.id(item), self.world.describe(item)))
            .collect();
        let described = described.iter().map(|(id, description)| (id.as_str(), description.clone()));
        describe_items(&mut dataset, UnlistedItems::Drop, described)
            .expect("every id is described once and a category has one parent");
        dataset
    }

    /// Writes `log.csv` and `items.csv` into `folder`, which must exist; files of these names are replaced. Returns the
    /// number of events.
    ///
    /// # Errors
    /// What the operating system says.
    pub fn write_to(&self, folder: &Path, progress: &mut dyn FnMut(u64)) -> io::Result<u64> {
        let mut count = 0;
        write_whole(folder, ITEMS_FILE, |out| {
            out.write_all(b"item,category,brand\n")?;
            (0u32..).take(self.config.items).try_for_each(|item| {
                let described = self.world.describe(item);
                let brand = described.brand.as_deref().unwrap_or_default();
                writeln!(out, "{},{},{brand}", self.world.id(item), described.category.join(">"))
            })
        })?;
        write_whole(folder, LOG_FILE, |out| {
            let kinds = self.config.shape == LogShape::Mixed;
            out.write_all(if kinds { b"user,item,event,time\n" } else { b"user,item,time\n" })?;
            self.for_each_user(|user, events| {
                let id = user_id(user);
                for event in events {
                    write!(out, "{id},{},", self.world.id(event.item))?;
                    if kinds {
                        write!(out, "{},", word(event.kind))?;
                    }
                    writeln!(out, "{}", event.time_ms.unwrap_or_default())?;
                }
                count += events.len() as u64;
                progress(user as u64 + 1);
                io::Result::Ok(())
            })
        })?;
        Ok(count)
    }
}

fn user_id(user: usize) -> String {
    format!("u{:07}", user + 1)
}

const WORLD_STREAM: u64 = 1;
const FIRST_USER_STREAM: u64 = 1_000;

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;
    use crate::dataset::InteractionKind;

    fn log(shape: LogShape, seed: u64) -> Dataset {
        LogSource::new(&LogConfig { shape, seed, users: 3000, items: 1000 }).unwrap().dataset()
    }

    /// The root category of an item.
    fn root(log: &Dataset, item: u32) -> u32 {
        let is_root = |a: &&u32| {
            let entry = &log.attributes.entries[**a as usize];
            entry.kind == crate::dataset::AttributeKind::Category && entry.parent.is_none()
        };
        *log.attributes.of_item[item as usize].iter().find(is_root).unwrap()
    }

    fn mean(of: impl Iterator<Item = f64> + Clone) -> f64 {
        of.clone().sum::<f64>() / of.count() as f64
    }

    #[test]
    fn a_seed_is_a_log() {
        for shape in [LogShape::Sessions, LogShape::LongTail, LogShape::Mixed] {
            assert_eq!(log(shape, 1), log(shape, 1));
            assert_ne!(log(shape, 1), log(shape, 2));
        }
    }

    #[test]
    fn files_hold_what_the_dataset_holds() {
        let folder = tempfile::tempdir().unwrap();
        let config = LogConfig { shape: LogShape::Mixed, seed: 3, users: 40, items: 100 };
        let source = LogSource::new(&config).unwrap();
        let count = source.write_to(folder.path(), &mut |_| ()).unwrap();
        let format = crate::shop::log_format();
        let mut read = crate::input::read_log(&folder.path().join(LOG_FILE), &format, &mut |_| ()).unwrap();
        let mut items = crate::input::ItemsFormat::csv("item");
        (items.category, items.brand) = (Some("category".to_owned()), Some("brand".to_owned()));
        let path = folder.path().join(ITEMS_FILE);
        let options = crate::input::AttributeOptions::default();
        crate::input::read_items(&path, &items, &options, &mut read, &mut |_| ()).unwrap();
        assert_eq!(read, source.dataset());
        assert_eq!(count, read.sequences.iter().map(|s| s.events.len() as u64).sum::<u64>());
    }

    #[test]
    fn sessions_are_short_come_back_and_go_out_of_fashion() {
        let log = log(LogShape::Sessions, 1);
        let length = mean(log.sequences.iter().map(|s| s.events.len() as f64));
        assert!((4.0..6.0).contains(&length), "{length}");
        let repeats = log.sequences.iter().map(|s| {
            let different: BTreeSet<u32> = s.events.iter().map(|e| e.item).collect();
            (s.events.len() - different.len()) as f64
        });
        let share = mean(repeats) / length;
        assert!((0.1..0.3).contains(&share), "{share}");
        let favourites = |part: &[crate::dataset::Sequence]| -> BTreeSet<u32> {
            let mut counts = BTreeMap::new();
            part.iter().flat_map(|s| &s.events).for_each(|e| *counts.entry(e.item).or_insert(0) += 1);
            let mut order: Vec<(i32, u32)> = counts.iter().map(|(&item, &count)| (-count, item)).collect();
            order.sort_unstable();
            order.iter().take(50).map(|o| o.1).collect()
        };
        let (first, last) = (favourites(&log.sequences[..600]), favourites(&log.sequences[2400..]));
        assert!(first.intersection(&last).count() < 30, "{}", first.intersection(&last).count());
    }

    #[test]
    fn the_long_tail_is_long_and_its_attributes_tell() {
        let log = log(LogShape::LongTail, 1);
        let mut pairs = (0u32, 0u32);
        for sequence in &log.sequences {
            let different: BTreeSet<u32> = sequence.events.iter().map(|e| e.item).collect();
            assert_eq!(different.len(), sequence.events.len());
            for pair in sequence.events.windows(2) {
                pairs.0 += u32::from(root(&log, pair[0].item) == root(&log, pair[1].item));
                pairs.1 += 1;
            }
        }
        let length = mean(log.sequences.iter().map(|s| s.events.len() as f64));
        assert!((6.0..8.0).contains(&length), "{length}");
        // 8 root categories: by chance one pair in about 8 shares it
        assert!(pairs.0 * 3 > pairs.1, "{pairs:?}");
    }

    #[test]
    fn purchases_follow_a_taste_and_views_less_so() {
        let log = log(LogShape::Mixed, 1);
        // the share of events in the root category that the shopper's purchases have most
        let mut share = BTreeMap::new();
        for sequence in &log.sequences {
            let mut bought = BTreeMap::new();
            let (early, late) = sequence.events.split_at(sequence.events.len() / 2);
            for event in early.iter().filter(|e| e.kind == InteractionKind::Purchase) {
                *bought.entry(root(&log, event.item)).or_insert(0) += 1;
            }
            let Some(best) = bought.iter().max_by_key(|b| b.1).map(|b| *b.0) else { continue };
            for event in late {
                let of_kind = share.entry(event.kind).or_insert((0.0, 0.0));
                of_kind.0 += f64::from(u8::from(root(&log, event.item) == best));
                of_kind.1 += 1.0;
            }
        }
        assert_eq!(share.len(), 4, "all kinds occur");
        let of = |kind| share[&kind].0 / share[&kind].1;
        let (bought, viewed) = (of(InteractionKind::Purchase), of(InteractionKind::View));
        assert!(bought > 2.0 * viewed, "{bought} {viewed}");
    }

    #[test]
    fn ids_do_not_tell_popularity() {
        let log = log(LogShape::Sessions, 1);
        let mut counts = vec![0u32; log.items.len()];
        log.sequences.iter().flat_map(|s| &s.events).for_each(|e| counts[e.item as usize] += 1);
        let mut order: Vec<usize> = (0..counts.len()).collect();
        order.sort_by_key(|&i| &log.items[i]);
        let half = order.len() / 2;
        let sum = |part: &[usize]| part.iter().map(|&i| f64::from(counts[i])).sum::<f64>();
        let (first, last) = (sum(&order[..half]), sum(&order[half..]));
        assert!((first / last - 1.0).abs() < 0.5, "{first} {last}");
    }

    #[test]
    fn what_cannot_be_generated_is_refused() {
        let config = LogConfig { shape: LogShape::Sessions, seed: 1, users: 0, items: 1000 };
        assert_eq!(LogSource::new(&config).unwrap_err().field, "users");
        assert_eq!(LogSource::new(&LogConfig { users: 1, items: 9, ..config }).unwrap_err().field, "items");
    }
}
