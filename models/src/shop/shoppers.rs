//! What shoppers do.
//!
//! In: the stock, a taste, draws. Out: one shopper's events in time order.
//! A visit starts from a need (something to go with the last purchase, something used up, a liking, or chance), goes on
//! to what is alike or goes with it, and may end in a purchase.
//! Must never touch a product before the shop had it, nor a time after the log's end.

use super::catalog::Stock;
use super::draws::Draws;
use super::taste::Taste;
use super::{DAY_MS, Happening, ShopConfig};
use crate::dataset::InteractionKind;

/// Mean events per visit; only decides how many visits are planned.
const EVENTS_PER_VISIT: f64 = 4.9;
/// Median over mean of the number of events of a shopper: log-normal with sigma .8.
const MEDIAN_OF_MEAN: f64 = 0.726;
/// How busy each hour of the day is, in UTC.
const HOURS: [f64; 24] = [
    0.3, 0.2, 0.1, 0.1, 0.1, 0.3, 0.6, 1.0, 1.2, 1.3, 1.4, 1.6, 1.7, 1.5, 1.4, 1.4, 1.6, 1.9, 2.4, 2.9, 3.0,
    2.4, 1.4, 0.7,
];

/// About how many events a shopper of the log has.
pub(super) fn generate_budget(config: &ShopConfig, draws: &mut Draws) -> f64 {
    let mean = config.events_per_shopper;
    draws.log_normal(MEDIAN_OF_MEAN * mean, 0.8).clamp(4.0, 8.0 * mean)
}

/// One shopper's events, about `budget` of them.
pub(super) fn simulate(
    stock: &Stock,
    taste: Taste,
    budget: f64,
    config: &ShopConfig,
    draws: &mut Draws,
) -> Vec<Happening> {
    let days = f64::from(config.days);
    // Half of the shoppers are there from the start, the others come later.
    let first_day = if draws.chance(0.5) { 0.0 } else { draws.between(0.0, 0.7 * days) };
    let mut starts: Vec<f64> = Vec::new();
    #[expect(clippy::cast_possible_truncation, reason = "a budget is at most 1600")]
    let visits = libm::ceil(budget / EVENTS_PER_VISIT) as usize + 1;
    for _ in 0..visits {
        let day = libm::floor(draws.between(first_day, days));
        let hour = draws.weighted(HOURS.into_iter()) as f64 + draws.unit();
        starts.push((day + hour / 24.0 - days) * DAY_MS);
    }
    starts.sort_by(f64::total_cmp);
    let mut shopper = Shopper {
        stock,
        taste,
        draws,
        now_ms: 0,
        events: Vec::new(),
        wanted: Vec::new(),
        running_out: Vec::new(),
    };
    for start in starts {
        // Visits are not cut short, so the last one may begin half a visit early.
        if shopper.events.len() as f64 + EVENTS_PER_VISIT / 2.0 >= budget {
            break;
        }
        #[expect(clippy::cast_possible_truncation, reason = "1000 days are about 10^11 milliseconds")]
        let start_ms = config.now_ms + start as i64;
        // A visit does not begin while the one before is going on.
        shopper.now_ms = start_ms.max(shopper.now_ms + 600_000);
        shopper.visit();
    }
    let mut events = shopper.events;
    events.retain(|event| event.time_ms < config.now_ms);
    events
}

struct Shopper<'a> {
    stock: &'a Stock,
    taste: Taste,
    draws: &'a mut Draws,
    now_ms: i64,
    events: Vec<Happening>,
    /// Things to go with what was bought.
    wanted: Vec<usize>,
    /// What was bought and when it will be used up.
    running_out: Vec<(usize, f64)>,
}

impl Shopper<'_> {
    fn visit(&mut self) {
        if self.draws.chance(0.05 * self.taste.wanders) {
            self.taste.drift(self.stock, self.draws);
        }
        self.replenish();
        let mut cart = Vec::new();
        let mut current = self.intent();
        loop {
            self.do_it(current, InteractionKind::View);
            let appeal = self.taste.appeal(self.stock, current).min(6.0);
            if self.draws.chance(0.07 + 0.045 * appeal) {
                let thinks = self.draws.chance(self.taste.hesitates * 0.5);
                if thinks {
                    self.do_it(current, InteractionKind::Wishlist);
                } else {
                    self.do_it(current, InteractionKind::Cart);
                    cart.push(current);
                }
            }
            if self.draws.chance(0.22) {
                break;
            }
            current = self.next_after(current);
        }
        cart.sort_unstable();
        cart.dedup();
        for product in cart {
            if self.draws.chance(0.5) {
                self.do_it(product, InteractionKind::Purchase);
                self.bought(product);
            }
        }
    }

    fn do_it(&mut self, product: usize, kind: InteractionKind) {
        if self.exists(product) {
            self.events.push(Happening { product, kind, time_ms: self.now_ms });
        }
        let seconds = 4.0 + self.draws.exponential(45.0).min(900.0);
        #[expect(clippy::cast_possible_truncation, reason = "at most 904 seconds")]
        let pause_ms = (seconds * 1000.0) as i64;
        self.now_ms += pause_ms;
    }

    fn exists(&self, product: usize) -> bool {
        self.stock.products[product].created_at_ms <= self.now_ms
    }

    /// Buys again what is used up.
    fn replenish(&mut self) {
        let now = self.now_ms as f64;
        let Some(due) = self.running_out.iter().position(|(_, until)| *until <= now) else { return };
        let (product, _) = self.running_out.swap_remove(due);
        if self.draws.chance(0.85) {
            self.do_it(product, InteractionKind::View);
            self.do_it(product, InteractionKind::Cart);
            self.do_it(product, InteractionKind::Purchase);
            self.bought(product);
        }
    }

    fn bought(&mut self, product: usize) {
        let complements = &self.stock.complements[product];
        if !complements.is_empty() && self.draws.chance(0.7) {
            let place = self.rank(complements.len());
            self.wanted.push(complements[place]);
        }
        if let Some(days) = self.stock.taxonomy.leaves[self.stock.latents[product].leaf].replenish_days {
            let until = self.now_ms as f64 + days * DAY_MS * self.draws.between(0.7, 1.3);
            self.running_out.push((product, until));
        }
    }

    /// What a visit starts with.
    fn intent(&mut self) -> usize {
        if let Some(wanted) = self.wanted.pop()
            && self.draws.chance(0.8)
        {
            return wanted;
        }
        match self.draws.unit() {
            // Back to something from the last visits.
            u if u < 0.15 && !self.events.is_empty() => {
                let back = self.draws.below(self.events.len().min(12));
                self.events[self.events.len() - 1 - back].product
            }
            u if u < 0.15 + 0.15 * self.taste.wanders => self.by_chance(),
            _ => self.by_liking(),
        }
    }

    fn next_after(&mut self, current: usize) -> usize {
        let (similar, complements) = (&self.stock.similar[current], &self.stock.complements[current]);
        if self.draws.chance(0.14 * self.taste.wanders) {
            return self.by_chance();
        }
        match self.draws.unit() {
            u if u < 0.48 && !similar.is_empty() => {
                // Of two candidates the one that appeals more: pages are skimmed, not read.
                let (a, b) = (similar[self.rank(similar.len())], similar[self.rank(similar.len())]);
                let a_wins = self.taste.appeal(self.stock, a) >= self.taste.appeal(self.stock, b);
                if a_wins { a } else { b }
            }
            u if u < 0.61 && !complements.is_empty() => complements[self.rank(complements.len())],
            u if u < 0.81 => self.in_leaf(self.stock.latents[current].leaf),
            _ => self.by_liking(),
        }
    }

    /// A place in a list of `count`, the first ones more often.
    fn rank(&mut self, count: usize) -> usize {
        self.draws.weighted((0..count).map(|rank| 1.0 / (rank as f64 + 1.5)))
    }

    fn by_liking(&mut self) -> usize {
        let liked = self.draws.weighted(self.taste.leaves.iter().map(|(_, weight)| *weight));
        self.in_leaf(self.taste.leaves[liked].0)
    }

    /// A product of a leaf by popularity and appeal.
    fn in_leaf(&mut self, leaf: usize) -> usize {
        let products = &self.stock.by_leaf[leaf];
        if products.is_empty() {
            return self.by_chance();
        }
        let weights: Vec<f64> = products
            .iter()
            .map(|&product| self.stock.latents[product].popularity * self.taste.appeal(self.stock, product))
            .collect();
        products[self.draws.weighted(weights.into_iter())]
    }

    /// A product of the whole shop by popularity alone.
    fn by_chance(&mut self) -> usize {
        self.draws.weighted_by_sums(&self.stock.popularity_sums)
    }
}
