//! From a pool of candidates to places: variants, variety, exploration, the slot for new items, pins.

use rand::Rng;
use rand_chacha::ChaCha20Rng;
use tastekeeper_kernels::dense;

use super::admission::Gates;
use super::candidates::{Candidate, first_pool_size};
use super::extras::Extras;
use super::request::{RecommendationKind, Request, Source};
use crate::catalog::{Bits, View};
use crate::mutant;

/// The place kept for an item the model has never seen, from 0, in answers that are long enough.
pub(crate) const NEW_ITEM_PLACE: usize = 4;
/// At most this share of an answer with any diversity, and of its first places, comes from one category, as long as others
/// are there.
pub(crate) const MAX_CATEGORY_SHARE: f64 = 0.6;
/// How many places are the first ones.
const FIRST_PLACES: usize = 20;

/// How many of the first `places` places one category may have.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss)]
fn category_cap(places: usize) -> usize {
    if mutant!(OneCategoryFillsAll) {
        return places;
    }
    ((places as f64 * MAX_CATEGORY_SHARE).floor() as usize).max(1)
}

/// How many items one category may have among the places of an answer.
pub(super) struct Caps {
    pub(super) first_places: usize,
    /// Among the first places.
    pub(super) first: usize,
    /// Among all.
    pub(super) all: usize,
}

impl Caps {
    pub(super) fn new(diversity: f64, places: usize) -> Self {
        let first_places = places.min(FIRST_PLACES);
        let cap = |places| if diversity > 0.0 { category_cap(places) } else { usize::MAX };
        Self { first_places, first: cap(first_places), all: cap(places) }
    }
}

/// How many places of an answer of `count` items no single category can have.
pub(crate) fn places_for_others(count: usize) -> usize {
    count - category_cap(count).min(count)
}

/// What items are placed with.
#[derive(Default)]
pub(crate) struct PlaceRoom {
    pins: Vec<(usize, u32)>,
    /// The groups whose variants the answer has.
    groups: Groups,
    pub(super) chosen: Vec<Candidate>,
    open: Vec<Varied>,
    /// How many items of a category were chosen.
    used: Vec<(u32, usize)>,
}

/// A set of groups of variants.
#[derive(Default)]
struct Groups(Bits);

impl Groups {
    fn clear(&mut self, view: &View) {
        // Groups are numbered with all other symbols.
        self.0.reset(view.symbol_count() as usize);
    }

    fn has(&self, view: &View, index: u32) -> bool {
        view.group(index).is_some_and(|group| self.0.contains(group))
    }

    fn add(&mut self, view: &View, index: u32) {
        view.group(index).into_iter().for_each(|group| self.0.insert(group));
    }
}

/// Leaves `request.count` items of `pool`, which is sorted best first, in their places. The rows of `vectors` are those of the
/// candidates of scored kinds.
pub(crate) fn place(
    request: &Request,
    pool: &mut Vec<Candidate>,
    vectors: &[f32],
    gates: &Gates<'_>,
    extras: &Extras<'_>,
    random: &mut ChaCha20Rng,
    room: &mut PlaceRoom,
) {
    let view = gates.view;
    write_pins(view, request, gates, &mut room.pins);
    room.groups.clear(view);
    room.pins.iter().for_each(|(_, index)| room.groups.add(view, *index));
    pool.retain(|candidate| {
        let repeats_variant = request.one_per_group && room.groups.has(view, candidate.index);
        if request.one_per_group {
            room.groups.add(view, candidate.index);
        }
        !repeats_variant && room.pins.iter().all(|(_, pinned)| *pinned != candidate.index)
    });
    let open = request.count - room.pins.len().min(request.count);
    let diversity = if request.kind.is_scored() { request.diversity_or_default() } else { 0.0 };
    if diversity > 0.0 {
        diversify(view, pool, vectors, open, diversity, room);
    } else {
        room.chosen.clear();
        room.chosen.extend(pool.drain(..open.min(pool.len())));
    }
    let caps = Caps::new(diversity, room.chosen.len());
    explore(view, request, &mut room.chosen, pool, &caps, random);
    let has_new = room.pins.iter().any(|(_, index)| view.is_new(*index));
    if request.kind == RecommendationKind::ForYou && !has_new {
        keep_place_for_new(request, open, &caps, gates, extras, room);
    }
    for &(position, index) in &room.pins {
        let candidate = Candidate { source: Source::Pinned, ..extras.candidate(index) };
        room.chosen.insert(position.min(room.chosen.len()), candidate);
    }
    std::mem::swap(pool, &mut room.chosen);
}

/// Writes the places and items of the pins that the filter and the stock allow, in order of place.
fn write_pins(view: &View, request: &Request, gates: &Gates<'_>, pins: &mut Vec<(usize, u32)>) {
    pins.clear();
    for pin in &request.pins {
        if let Some(index) = view.index_of(&pin.item_id)
            && (mutant!(PinIgnoresFilter) || gates.admit(index))
            && pins.iter().all(|(_, pinned)| *pinned != index)
        {
            pins.push((pin.position - 1, index));
        }
    }
    pins.truncate(request.count);
    pins.sort_by_key(|(position, _)| *position);
}

/// Maximal marginal relevance: each place goes to the candidate with the best
/// `(1 - diversity) * relevance - diversity * similarity to the most similar item already chosen`
/// (Carbonell and Goldstein, SIGIR 1998), relevance scaled to 0..1 within the pool, similarity the cosine, or 0 where that is
/// negative. The similarity only grows, so a candidate is compared anew only where the last one known would still win. Those
/// chosen are in the room then, the others in `pool`.
pub(super) fn diversify(
    view: &View,
    pool: &mut Vec<Candidate>,
    vectors: &[f32],
    count: usize,
    diversity: f64,
    room: &mut PlaceRoom,
) {
    let best = pool.first().map_or(0.0, |candidate| candidate.raw);
    // The others that follow a crowded pool do not stretch the scale.
    let worst = pool.iter().take(first_pool_size(count)).next_back().map_or(0.0, |candidate| candidate.raw);
    let spread = (best - worst).max(1e-9);
    let PlaceRoom { chosen, open, used, .. } = room;
    let vectors = Vectors { all: vectors, dim: view.dim().unwrap_or(0) };
    open.clear();
    open.extend(pool.iter().map(|candidate| Varied {
        candidate: *candidate,
        relevance: (1.0 - diversity) * ((candidate.raw - worst) / spread),
        category: view.leaf_category(candidate.index),
        similarity: 0.0,
        compared: 0,
    }));
    let caps = Caps::new(diversity, count.min(pool.len()));
    used.clear();
    chosen.clear();
    while chosen.len() < count && !open.is_empty() {
        let cap = if chosen.len() < caps.first_places { caps.first } else { caps.all };
        let is_free = |varied: &Varied| {
            used.iter().all(|(category, used)| varied.category != Some(*category) || *used < cap)
        };
        let best = most_valuable(open, chosen, diversity, &vectors, &is_free)
            .or_else(|| most_valuable(open, chosen, diversity, &vectors, &|_| true));
        let Some(place) = best else { break };
        let varied = open.remove(place);
        if let Some(category) = varied.category {
            match used.iter_mut().find(|(other, _)| *other == category) {
                Some((_, used)) => *used += 1,
                None => used.push((category, 1)),
            }
        }
        chosen.push(varied.candidate);
    }
    pool.clear();
    pool.extend(open.iter().map(|varied| varied.candidate));
}

/// A candidate that was not chosen yet.
struct Varied {
    candidate: Candidate,
    /// Its share of the value.
    relevance: f64,
    category: Option<u32>,
    /// To the most similar of the first `compared` chosen items.
    similarity: f64,
    compared: usize,
}

/// The place of the best of those that are `wanted`; of equal ones the first. `open` is sorted by relevance.
fn most_valuable(
    open: &mut [Varied],
    chosen: &[Candidate],
    diversity: f64,
    vectors: &Vectors<'_>,
    wanted: &dyn Fn(&Varied) -> bool,
) -> Option<usize> {
    let mut best: Option<(usize, f64)> = None;
    for (place, varied) in open.iter_mut().enumerate() {
        let is_better = |value: f64| best.is_none_or(|(_, most)| value > most);
        if !is_better(varied.relevance) {
            // Nor is any that follows.
            break;
        }
        if !is_better(varied.relevance - diversity * varied.similarity) || !wanted(varied) {
            continue;
        }
        vectors.compare(varied, chosen);
        let value = varied.relevance - diversity * varied.similarity;
        if is_better(value) {
            best = Some((place, value));
        }
    }
    best.map(|(place, _)| place)
}

/// The vectors of the candidates.
struct Vectors<'a> {
    all: &'a [f32],
    dim: usize,
}

impl Vectors<'_> {
    fn of(&self, candidate: &Candidate) -> &[f32] {
        &self.all[candidate.row * self.dim..(candidate.row + 1) * self.dim]
    }

    /// Compares the candidate with the chosen items that it was not compared with.
    fn compare(&self, varied: &mut Varied, chosen: &[Candidate]) {
        let own = self.of(&varied.candidate);
        for other in &chosen[varied.compared..] {
            varied.similarity = varied.similarity.max(f64::from(dense::dot(own, self.of(other))));
        }
        varied.compared = chosen.len();
    }
}

/// Gives each place but the first, with the probability of the exploration rate, to one of the items just below. A drawn item
/// whose category has its share already is not taken.
fn explore(
    view: &View,
    request: &Request,
    chosen: &mut [Candidate],
    left: &mut Vec<Candidate>,
    caps: &Caps,
    random: &mut ChaCha20Rng,
) {
    let rate = request.exploration_or_default();
    if rate <= 0.0 {
        return;
    }
    for place in 1..chosen.len() {
        if left.is_empty() {
            break;
        }
        if uniform(random) < rate {
            let drawn = below(random, left.len());
            let category = view.leaf_category(left[drawn].index);
            let crowded = |places: &[Candidate], cap: usize| {
                let others = places.iter().enumerate().filter(|(other, _)| *other != place);
                let same = others.filter(|(_, other)| view.leaf_category(other.index) == category).count();
                category.is_some() && same >= cap
            };
            if !(crowded(chosen, caps.all)
                || place < caps.first_places && crowded(&chosen[..caps.first_places], caps.first))
            {
                chosen[place] = Candidate { source: Source::Exploration, ..left.remove(drawn) };
            }
        }
    }
}

/// A draw from `0.0..1.0`.
fn uniform(random: &mut ChaCha20Rng) -> f64 {
    f64::from(random.next_u32()) / (f64::from(u32::MAX) + 1.0)
}

/// A draw from `0..bound`; the bias of the scaled draw is below `bound / 2^32`.
fn below(random: &mut ChaCha20Rng, bound: usize) -> usize {
    let scaled = u64::from(random.next_u32()) * u64::try_from(bound).unwrap_or(0);
    usize::try_from(scaled >> 32).unwrap_or(0)
}

/// Puts the most relevant item the model has never seen in its place, unless one is in the answer already.
fn keep_place_for_new(
    request: &Request,
    open: usize,
    caps: &Caps,
    gates: &Gates<'_>,
    extras: &Extras<'_>,
    PlaceRoom { pins, groups, chosen, .. }: &mut PlaceRoom,
) {
    let view = gates.view;
    let refused = request.exploration_rate == Some(0.0);
    if refused || open <= NEW_ITEM_PLACE || chosen.iter().any(|candidate| view.is_new(candidate.index)) {
        return;
    }
    groups.clear(view);
    let placed = pins.iter().map(|(_, index)| *index).chain(chosen.iter().map(|candidate| candidate.index));
    placed.for_each(|index| groups.add(view, index));
    let fits = |index: &u32| gates.admit(*index) && !(request.one_per_group && groups.has(view, *index));
    let best = view.new_items().filter(fits).map(|index| extras.candidate(index)).reduce(|best, other| {
        let order = other.raw.total_cmp(&best.raw).then_with(|| {
            let created = |candidate: &Candidate| view.created_at_ms(candidate.index);
            let place = |candidate: &Candidate| view.tie_place(candidate.index);
            created(&other).cmp(&created(&best)).then_with(|| place(&best).cmp(&place(&other)))
        });
        if order.is_gt() { other } else { best }
    });
    if let Some(best) = best {
        let place = NEW_ITEM_PLACE.min(chosen.len());
        let category = view.leaf_category(best.index);
        let first = caps.first_places.min(chosen.len());
        let of_category = |candidate: &Candidate| view.leaf_category(candidate.index) == category;
        let crowded = chosen[..first].iter().filter(|other| of_category(other)).count() >= caps.first;
        // Its category gives the place up, if it has its share already; otherwise the last item does.
        let last_alike = chosen[place..first].iter().rposition(of_category).map(|found| place + found);
        if let Some(alike) = last_alike.filter(|_| crowded && category.is_some()) {
            chosen.remove(alike);
        }
        chosen.insert(place, Candidate { source: Source::Exploration, ..best });
        chosen.truncate(open);
    }
}
