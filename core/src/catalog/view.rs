//! Model and catalogue under one numbering: items `0..n` are the model's, in rank order; the catalogue's own follow.
//!
//! Categories, brands and attributes are numbered too ("symbols"): the model's first, then new ones.

use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::sync::Arc;

use super::bits::Bits;
use super::known::{Found, KnownItem, KnownSearch};
use super::offers::{Offer, Offers};
use super::postings::Postings;
use super::words::Named;
use super::{Availability, Item};
use crate::model::{Attribute, AttributeKind, Model};
use crate::mutant;
use crate::sensitive::DenyList;

/// What a symbol stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum SymbolKind {
    Category,
    Brand,
    /// `key=value`.
    Attribute,
    /// A group of variants.
    Group,
}

impl SymbolKind {
    const COUNT: usize = Self::Group as usize + 1;

    fn of_model(self) -> Option<AttributeKind> {
        match self {
            Self::Category => Some(AttributeKind::Category),
            Self::Brand => Some(AttributeKind::Brand),
            Self::Attribute => Some(AttributeKind::Other),
            Self::Group => None,
        }
    }
}

/// What an item of the catalogue is. What changes from day to day stands in [`Offers`].
#[derive(Default)]
struct Slot {
    id: String,
    /// Categories, brand and attributes, ascending.
    symbols: Vec<u32>,
    /// The category path from the root on, where the app gave one.
    path: Vec<u32>,
    /// The deepest category.
    leaf: Option<u32>,
    group: Option<u32>,
    /// For items the model does not know.
    vector: Option<Vec<f32>>,
}

/// The items of model and catalogue.
pub(crate) struct View {
    model: Option<Arc<Model>>,
    model_items: usize,
    /// For each item of the model: its slot, or `NO_SLOT`. Empty while the catalogue is.
    overlay: Vec<u32>,
    slots: Vec<Slot>,
    offers: Offers,
    /// Made when they are first asked for, dropped when the symbols of an item change.
    postings: OnceCell<Postings>,
    /// Made when it is first asked for, dropped with every change.
    category_popularity: OnceCell<BTreeMap<u32, f64>>,
    /// Slots of the items the model does not know; item `model_items + k` is `extras[k]`.
    extras: Vec<u32>,
    extra_index: BTreeMap<String, u32>,
    /// The place of each of them in the order of their ids. Made when it is first asked for, dropped when one is added.
    extra_places: OnceCell<Vec<u32>>,
    /// Another number after every change.
    revision: u64,
    model_symbols: u32,
    /// By kind.
    symbols: [BTreeMap<String, u32>; SymbolKind::COUNT],
    symbol_names: Vec<(SymbolKind, String)>,
    deny: DenyList,
    /// For each symbol, whether it is a category that nothing is learned from. Of the model's symbols it is found out when somebody
    /// asks: names are compared with long lists, and most are never asked about.
    sensitive: Vec<OnceCell<bool>>,
}

const NO_SLOT: u32 = u32::MAX;

fn number(count: usize) -> u32 {
    u32::try_from(count).expect("the caps on model and catalogue keep every count below 2^32")
}

impl View {
    pub(crate) fn new(
        model: Option<Arc<Model>>,
        items: &BTreeMap<String, Option<Item>>,
        deny: DenyList,
    ) -> Self {
        let mut view = Self {
            model_items: model.as_ref().map_or(0, |model| model.len() as usize),
            model_symbols: model.as_ref().map_or(0, |model| model.attributes()),
            overlay: Vec::new(),
            slots: Vec::new(),
            offers: Offers::new(),
            postings: OnceCell::new(),
            category_popularity: OnceCell::new(),
            extras: Vec::new(),
            extra_index: BTreeMap::new(),
            extra_places: OnceCell::new(),
            revision: 0,
            symbols: Default::default(),
            symbol_names: Vec::new(),
            sensitive: vec![OnceCell::new(); model.as_ref().map_or(0, |model| model.attributes() as usize)],
            deny,
            model,
        };
        for (id, item) in items {
            view.apply(id, item.as_ref());
        }
        view
    }

    /// This view in place of `other`: what was found there counts no more.
    pub(crate) fn after(mut self, other: &Self) -> Self {
        self.revision += other.revision + 1;
        self
    }

    /// Another one after every change of model or catalogue.
    pub(crate) fn revision(&self) -> u64 {
        self.revision
    }

    /// Takes over one change of the catalogue; `None` takes the item down.
    pub(crate) fn apply(&mut self, id: &str, item: Option<&Item>) {
        self.revision += 1;
        self.category_popularity.take();
        let model_index = self.model.as_ref().and_then(|model| model.index_of(id));
        let (slot, offer) = match item {
            Some(item) => {
                let offer = Offer {
                    price: item.price,
                    availability: item.availability,
                    created_at_ms: item.created_at_ms,
                    expires_at_ms: item.expires_at_ms,
                };
                (self.slot_of(item, model_index), offer)
            }
            None => (
                Slot { id: id.to_owned(), ..Slot::default() },
                Offer { availability: Availability::Discontinued, ..Offer::default() },
            ),
        };
        let index = model_index.or_else(|| self.index_of(id)).unwrap_or_else(|| {
            let index = number(self.len());
            self.extra_index.insert(id.to_owned(), number(self.extras.len()));
            self.extra_places.take();
            self.extras.push(NO_SLOT);
            index
        });
        self.offers.set(index, offer);
        if !self.has_symbols(index, &slot.symbols) {
            self.postings.take();
        }
        let place = match (index as usize).checked_sub(self.model_items) {
            Some(extra) => &mut self.extras[extra],
            None => {
                if self.overlay.is_empty() {
                    self.overlay = vec![NO_SLOT; self.model_items];
                }
                &mut self.overlay[index as usize]
            }
        };
        if *place == NO_SLOT {
            *place = number(self.slots.len());
            self.slots.push(slot);
        } else {
            self.slots[*place as usize] = slot;
        }
    }

    /// Whether these are the item's symbols.
    fn has_symbols(&self, index: u32, symbols: &[u32]) -> bool {
        let mut left = symbols.iter();
        let mut alike = true;
        self.visit_symbols(index, |symbol| {
            alike = left.next() == Some(&symbol);
            alike
        });
        alike && left.next().is_none()
    }

    fn slot_of(&mut self, item: &Item, model_index: Option<u32>) -> Slot {
        let path: Vec<u32> =
            item.category.iter().map(|node| self.intern(SymbolKind::Category, node)).collect();
        let mut symbols = path.clone();
        symbols.extend(item.brand.as_ref().map(|brand| self.intern(SymbolKind::Brand, brand)));
        for (key, value) in &item.attributes {
            symbols.push(self.intern(SymbolKind::Attribute, &format!("{key}={value}")));
        }
        if let (Some(index), Some(model)) = (model_index, &self.model) {
            // What the app leaves open stays as the model has it.
            let missing = |kind| match kind {
                AttributeKind::Category => item.category.is_empty(),
                AttributeKind::Brand => item.brand.is_none(),
                AttributeKind::Other => item.attributes.is_empty(),
            };
            symbols.extend(
                model
                    .item_attributes(index)
                    .filter(|&symbol| model.attribute(symbol).is_some_and(|found| missing(found.kind))),
            );
        }
        symbols.sort_unstable();
        symbols.dedup();
        let vector = if model_index.is_none() {
            self.content_vector(item.embedding.as_deref(), &symbols)
        } else {
            None
        };
        // The model numbers parents before their children, so the deepest is the last one.
        let is_category = |symbol: &&u32| self.symbol_kind(**symbol) == SymbolKind::Category;
        let leaf = path.last().or_else(|| symbols.iter().rev().find(is_category)).copied();
        Slot {
            id: item.id.clone(),
            path,
            leaf,
            symbols,
            group: item.group_id.as_ref().map(|group| self.intern(SymbolKind::Group, group)),
            vector,
        }
    }

    /// The vector of a new item: its embedding, or the mean of its attributes' vectors, at unit norm.
    fn content_vector(&self, embedding: Option<&[f32]>, symbols: &[u32]) -> Option<Vec<f32>> {
        let model = self.model.as_ref()?;
        let mut sum = vec![0.0; model.dim()];
        match embedding {
            Some(embedding) if embedding.len() == sum.len() => sum.copy_from_slice(embedding),
            Some(_) => return None,
            None => {
                let mut row = vec![0.0; model.dim()];
                for &symbol in symbols.iter().filter(|&&symbol| symbol < self.model_symbols) {
                    model.attribute_vector(symbol, &mut row);
                    for (total, value) in sum.iter_mut().zip(&row) {
                        *total += value;
                    }
                }
            }
        }
        let norm = sum.iter().map(|value| value * value).sum::<f32>().sqrt();
        if norm <= 0.0 {
            return None;
        }
        sum.iter_mut().for_each(|value| *value /= norm);
        Some(sum)
    }

    fn intern(&mut self, kind: SymbolKind, name: &str) -> u32 {
        if let Some(symbol) = self.symbol(kind, name) {
            return symbol;
        }
        let symbol = self.model_symbols + number(self.symbol_names.len());
        self.symbols[kind as usize].insert(name.to_owned(), symbol);
        self.symbol_names.push((kind, name.to_owned()));
        let sensitive = kind == SymbolKind::Category && self.deny.topic(name).is_some();
        self.sensitive.push(OnceCell::from(sensitive));
        symbol
    }

    pub(crate) fn model(&self) -> Option<&Arc<Model>> {
        self.model.as_ref()
    }

    pub(crate) fn dim(&self) -> Option<usize> {
        self.model.as_ref().map(|model| model.dim())
    }

    /// How many items there are, those taken down included.
    pub(crate) fn len(&self) -> usize {
        self.model_items + self.extras.len()
    }

    /// How many of them are the model's.
    pub(crate) fn model_items(&self) -> usize {
        self.model_items
    }

    /// Whether the model was not trained with the item.
    pub(crate) fn is_new(&self, index: u32) -> bool {
        index as usize >= self.model_items
    }

    pub(crate) fn index_of(&self, id: &str) -> Option<u32> {
        if let Some(index) = self.model.as_ref().and_then(|model| model.index_of(id)) {
            return Some(index);
        }
        self.extra_index.get(id).map(|extra| number(self.model_items) + extra)
    }

    pub(crate) fn id(&self, index: u32) -> &str {
        match (&self.model, self.is_new(index)) {
            (Some(model), false) => model.id(index).unwrap_or_default(),
            _ => &self.slots[self.extras[index as usize - self.model_items] as usize].id,
        }
    }

    /// The item by its id, if something may be learned from it.
    pub(crate) fn learnable(&self, id: &str) -> Option<u32> {
        self.index_of(id).filter(|&index| !self.is_sensitive_item(index))
    }

    /// As [`View::index_of`], searched once for every change.
    pub(crate) fn known(&self, item: &KnownItem) -> Option<u32> {
        self.find(item).map(|found| found.index)
    }

    /// As [`View::learnable`], searched once for every change.
    pub(crate) fn known_learnable(&self, item: &KnownItem) -> Option<u32> {
        self.find(item).filter(|found| found.learnable).map(|found| found.index)
    }

    fn find(&self, item: &KnownItem) -> Option<Found> {
        item.at(self.revision, |id| {
            let index = self.index_of(id)?;
            Some(Found { index, learnable: !self.is_sensitive_item(index) })
        })
    }

    /// The attributes that the words of a search name. Cost: a pass over all names.
    pub(crate) fn named_by(&self, query: &str) -> Named {
        Named::new(query, (0..self.symbol_count()).map(|symbol| self.symbol_name(symbol).1))
    }

    /// As [`View::named_by`], looked up once for every change.
    pub(crate) fn named_by_known(&self, query: &KnownSearch) -> Named {
        query.at(self.revision, |query| self.named_by(query))
    }

    /// Whether the item lies in a category that nothing is learned from.
    pub(crate) fn is_sensitive_item(&self, index: u32) -> bool {
        self.has_symbol(index, |symbol| self.is_sensitive_symbol(symbol))
    }

    /// Whether a symbol is a category that nothing is learned from, or one below it.
    pub(crate) fn is_sensitive_symbol(&self, symbol: u32) -> bool {
        let known = self.sensitive[symbol as usize].get().copied();
        known.unwrap_or_else(|| self.find_sensitive(symbol)) && !mutant!(LearnSensitive)
    }

    /// Walks from a symbol of the model up to the first category that says it of all below, or that is known not to.
    fn find_sensitive(&self, symbol: u32) -> bool {
        let (mut path, mut next, mut found) = (Vec::new(), Some(symbol), false);
        // A parent is numbered before its children, so this ends.
        while let Some(node) = next {
            if let Some(known) = self.sensitive[node as usize].get() {
                found = *known;
                break;
            }
            path.push(node);
            let attribute = self.model.as_ref().and_then(|model| model.attribute(node));
            let category = attribute.filter(|found| found.kind == AttributeKind::Category);
            found = category.is_some_and(|category| self.deny.topic(category.name).is_some());
            next = category.and_then(|category| category.parent).filter(|_| !found);
        }
        for node in path {
            let _ = self.sensitive[node as usize].set(found);
        }
        found
    }

    /// Whether nothing is learned from a category, by its id; from a search, by its words.
    pub(crate) fn is_sensitive_text(&self, text: &str) -> bool {
        let known = self.symbol(SymbolKind::Category, text);
        self.deny.topic(text).is_some() && !mutant!(LearnSensitive)
            || known.is_some_and(|symbol| self.is_sensitive_symbol(symbol))
    }

    fn slot(&self, index: u32) -> Option<&Slot> {
        let place = if self.is_new(index) {
            self.extras[index as usize - self.model_items]
        } else {
            *self.overlay.get(index as usize)?
        };
        self.slots.get(place as usize)
    }

    /// The item's place among all of equal scores: the model's items by popularity then id, then new ones by id. Cost: a pass
    /// over the new items the first time after one was added.
    pub(crate) fn tie_place(&self, index: u32) -> u32 {
        let Some(extra) = (index as usize).checked_sub(self.model_items) else { return index };
        let places = self.extra_places.get_or_init(|| {
            let mut places = vec![0; self.extras.len()];
            for (place, extra) in (0..).zip(self.extra_index.values()) {
                places[*extra as usize] = place;
            }
            places
        });
        number(self.model_items) + places[extra]
    }

    pub(crate) fn symbol(&self, kind: SymbolKind, name: &str) -> Option<u32> {
        let of_model = kind
            .of_model()
            .zip(self.model.as_ref())
            .and_then(|(kind, model)| model.attribute_index(kind, name));
        of_model.or_else(|| self.symbols[kind as usize].get(name).copied())
    }

    /// Whether category `id` is `ancestor` or lies below it in the model's tree.
    pub(crate) fn is_category_within(&self, id: &str, ancestor: u32) -> bool {
        let mut symbol = self.symbol(SymbolKind::Category, id);
        while let Some(own) = symbol {
            if own == ancestor {
                return true;
            }
            // A parent is numbered before its children, so this ends.
            symbol = self.model.as_ref().and_then(|model| model.attribute(own)?.parent);
        }
        false
    }

    /// How many symbols there are.
    pub(crate) fn symbol_count(&self) -> u32 {
        self.model_symbols + number(self.symbol_names.len())
    }

    pub(crate) fn symbol_name(&self, symbol: u32) -> (SymbolKind, &str) {
        match &self.model {
            Some(model) if symbol < self.model_symbols => match model.attribute(symbol) {
                Some(Attribute { kind: AttributeKind::Category, name, .. }) => (SymbolKind::Category, name),
                Some(Attribute { kind: AttributeKind::Brand, name, .. }) => (SymbolKind::Brand, name),
                Some(Attribute { kind: AttributeKind::Other, name, .. }) => (SymbolKind::Attribute, name),
                None => (SymbolKind::Attribute, ""),
            },
            _ => {
                let (kind, name) = &self.symbol_names[(symbol - self.model_symbols) as usize];
                (*kind, name)
            }
        }
    }

    /// Calls `visit` with every category, brand and attribute of the item, until it returns `false`.
    pub(crate) fn visit_symbols(&self, index: u32, mut visit: impl FnMut(u32) -> bool) {
        if let Some(slot) = self.slot(index) {
            let _ = slot.symbols.iter().all(|&symbol| visit(symbol));
        } else if let Some(model) = &self.model {
            let _ = model.item_attributes(index).all(visit);
        }
    }

    pub(crate) fn has_symbol(&self, index: u32, wanted: impl Fn(u32) -> bool) -> bool {
        let mut found = false;
        self.visit_symbols(index, |symbol| {
            found = wanted(symbol);
            !found
        });
        found
    }

    /// What a symbol stands for.
    fn symbol_kind(&self, symbol: u32) -> SymbolKind {
        match &self.model {
            Some(model) if symbol < self.model_symbols => match model.attribute_kind(symbol) {
                Some(AttributeKind::Category) => SymbolKind::Category,
                Some(AttributeKind::Brand) => SymbolKind::Brand,
                Some(AttributeKind::Other) | None => SymbolKind::Attribute,
            },
            _ => self.symbol_names[(symbol - self.model_symbols) as usize].0,
        }
    }

    /// The first symbol of one kind that the item has.
    pub(crate) fn first_of_kind(&self, index: u32, kind: SymbolKind) -> Option<u32> {
        let mut first = None;
        self.visit_kind(index, kind, |symbol| {
            first.get_or_insert(symbol);
        });
        first
    }

    /// The item's symbols of one kind, in ascending order.
    fn symbols_of_kind(&self, index: u32, kind: SymbolKind) -> Vec<u32> {
        let mut found = Vec::new();
        self.visit_kind(index, kind, |symbol| found.push(symbol));
        found
    }

    /// Calls `visit` with the item's symbols of one kind, in ascending order.
    pub(crate) fn visit_kind(&self, index: u32, kind: SymbolKind, mut visit: impl FnMut(u32)) {
        self.visit_symbols(index, |symbol| {
            if self.symbol_kind(symbol) == kind {
                visit(symbol);
            }
            true
        });
    }

    /// The items with a symbol, ascending. Cost: a pass over all items the first time after symbols changed.
    fn items_with(&self, symbol: u32) -> &[u32] {
        self.postings.get_or_init(|| Postings::new(self)).of(symbol)
    }

    /// The items with any of these symbols. Cost: as many steps as there are, and a pass over all items the first time after
    /// an item's symbols changed.
    pub(crate) fn with_symbols(&self, symbols: impl IntoIterator<Item = u32>) -> Bits {
        let mut bits = Bits::none(self.len());
        for symbol in symbols {
            self.items_with(symbol).iter().for_each(|&index| bits.insert(index));
        }
        bits
    }

    /// The items with a price from `min` to `max`.
    pub(crate) fn with_price(&self, min: f64, max: f64) -> Bits {
        self.offers.with_price(self.len(), min, max)
    }

    /// The items in one of the states whose bits are in `states`.
    pub(crate) fn in_state(&self, states: u8) -> Bits {
        self.offers.in_state(self.len(), states)
    }

    /// The items offered since `time_ms`; those of unknown age are not among them.
    pub(crate) fn created_after(&self, time_ms: i64) -> Bits {
        self.offers.created_after(self.len(), time_ms)
    }

    /// The items that can be shown at all now.
    pub(crate) fn offered(&self, now_ms: i64) -> Bits {
        self.offers.offered(self.len(), now_ms)
    }

    /// The deepest category of an item. The model numbers parents before their children, so it is the last one.
    pub(crate) fn leaf_category(&self, index: u32) -> Option<u32> {
        if let Some(slot) = self.slot(index) {
            return slot.leaf;
        }
        let mut leaf = None;
        self.visit_symbols(index, |symbol| {
            if self.symbol_kind(symbol) == SymbolKind::Category {
                leaf = Some(symbol);
            }
            true
        });
        leaf
    }

    /// The popularity of each category: of the model's items whose last category it is, summed up.
    pub(crate) fn category_popularity(&self) -> &BTreeMap<u32, f64> {
        self.category_popularity.get_or_init(|| {
            let mut popular: BTreeMap<u32, f64> = BTreeMap::new();
            for index in (0..).take(self.model_items) {
                if let Some(category) = self.leaf_category(index) {
                    *popular.entry(category).or_default() += f64::from(self.popularity(index));
                }
            }
            popular
        })
    }

    /// Every category of an item and all that lie above them in the model's tree, the deepest first. Each stands once.
    pub(crate) fn category_lineage(&self, index: u32) -> Vec<&str> {
        let path = self.slot(index).map(|slot| slot.path.iter().rev().copied()).into_iter().flatten();
        let own: Vec<u32> =
            path.chain(self.symbols_of_kind(index, SymbolKind::Category).into_iter().rev()).collect();
        // A parent is numbered before its children, so this ends.
        let parent = |symbol: &u32| self.model.as_ref().and_then(|model| model.attribute(*symbol)?.parent);
        let above = own.iter().flat_map(|symbol| std::iter::successors(parent(symbol), parent));
        let mut lineage: Vec<u32> = Vec::new();
        for symbol in own.iter().copied().chain(above) {
            if !lineage.contains(&symbol) {
                lineage.push(symbol);
            }
        }
        lineage.into_iter().map(|symbol| self.symbol_name(symbol).1).collect()
    }

    pub(crate) fn group(&self, index: u32) -> Option<u32> {
        self.slot(index)?.group
    }

    pub(crate) fn price(&self, index: u32) -> Option<f64> {
        self.offers.price(index)
    }

    pub(crate) fn availability(&self, index: u32) -> Availability {
        self.offers.availability(index)
    }

    pub(crate) fn created_at_ms(&self, index: u32) -> Option<i64> {
        self.offers.created_at_ms(index)
    }

    /// Whether the item can be shown at all now.
    pub(crate) fn is_offered(&self, index: u32, now_ms: i64) -> bool {
        self.offers.is_offered(index, now_ms)
    }

    /// Writes the item's vector to `out` (`dim` values); zeros when it has none.
    pub(crate) fn write_vector(&self, index: u32, out: &mut [f32]) {
        match (&self.model, self.is_new(index)) {
            (Some(model), false) => model.write_vector(index, out),
            _ => match self.slot(index).and_then(|slot| slot.vector.as_ref()) {
                Some(vector) => out.copy_from_slice(vector),
                None => out.fill(0.0),
            },
        }
    }

    /// Writes the vector of a category, brand or attribute to `out`; zeros when the model has none.
    pub(crate) fn write_symbol_vector(&self, symbol: u32, out: &mut [f32]) {
        out.fill(0.0);
        if let Some(model) = self.model.as_ref().filter(|_| symbol < self.model_symbols) {
            model.attribute_vector(symbol, out);
        }
    }

    /// Popularity from 0 to 1; 0 for items the model does not know.
    pub(crate) fn popularity(&self, index: u32) -> f32 {
        match (&self.model, self.is_new(index)) {
            (Some(model), false) => model.popularity(index),
            _ => 0.0,
        }
    }

    /// The indices of all new items, in the order they were added.
    pub(crate) fn new_items(&self) -> impl Iterator<Item = u32> + '_ {
        number(self.model_items)..number(self.len())
    }
}
