//! What an item must be: a typed filter, and its form over symbols.

use super::request::Request;
use crate::catalog::{Availability, Bits, SymbolKind, View};
use crate::error::{Error, Result};
use crate::event::{check_id, check_price};

/// Deepest nesting of a filter.
const MAX_DEPTH: usize = 8;
/// Most nodes and values of a filter.
const MAX_NODES: usize = 200;

/// A condition on items. Hard: an item that fails it is never shown.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Filter {
    /// Every condition holds; an empty list always does.
    All(Vec<Filter>),
    /// At least one condition holds; an empty list never does.
    Any(Vec<Filter>),
    /// The condition does not hold.
    Not(Box<Filter>),
    /// In one of these categories or below it.
    InCategory(Vec<String>),
    /// Of one of these brands.
    Brand(Vec<String>),
    /// At least `min` and at most `max`, in the item's own currency. An item without a price fails.
    Price {
        /// Lowest price, if any.
        min: Option<f64>,
        /// Highest price, if any.
        max: Option<f64>,
    },
    /// In one of these states. Items that cannot be had are never shown, whatever the filter says.
    Availability(Vec<Availability>),
    /// With attribute `key` equal to one of `values`.
    AttributeIn {
        /// The attribute.
        key: String,
        /// Its allowed values.
        values: Vec<String>,
    },
    /// Offered since then, in milliseconds since 1970-01-01 UTC. An item of unknown age fails.
    CreatedAfter(i64),
    /// With the same value of this property as the item of the request's kind or context.
    SameAsContextItem(SameAs),
}

/// A property to share with the item on the screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SameAs {
    /// The deepest category.
    Category,
    /// The brand.
    Brand,
}

impl Filter {
    /// The names of an error's field begin where the filter's ends.
    pub(crate) fn check(&self) -> Result<()> {
        let mut nodes = 0;
        self.check_node(0, &mut nodes)
    }

    fn check_node(&self, depth: usize, nodes: &mut usize) -> Result<()> {
        let mut count = |more: usize| {
            *nodes += more;
            *nodes <= MAX_NODES
        };
        let small = match self {
            Self::InCategory(values) | Self::Brand(values) | Self::AttributeIn { values, .. } => {
                count(1 + values.len())
            }
            _ => count(1),
        };
        if !small || depth > MAX_DEPTH {
            return Err(Error::invalid(
                "",
                format!("must have at most {MAX_NODES} conditions, {MAX_DEPTH} deep"),
            ));
        }
        let mut check_all = |name, filters: &[Self]| {
            let checked = filters.iter().try_for_each(|filter| filter.check_node(depth + 1, nodes));
            checked.map_err(|error| error.within(format_args!(".{name}")))
        };
        match self {
            Self::All(filters) => check_all("all", filters),
            Self::Any(filters) => check_all("any", filters),
            Self::Not(filter) => check_all("not", std::slice::from_ref(filter)),
            Self::InCategory(ids) => ids.iter().try_for_each(|id| check_id(".in_category", id)),
            Self::Brand(ids) => ids.iter().try_for_each(|id| check_id(".brand", id)),
            Self::Price { min, max } => {
                min.iter().try_for_each(|min| check_price(".price.min", *min))?;
                max.iter().try_for_each(|max| check_price(".price.max", *max))?;
                match (min, max) {
                    (Some(min), Some(max)) if min > max => {
                        Err(Error::invalid(".price.min", "must not exceed `max`"))
                    }
                    _ => Ok(()),
                }
            }
            Self::AttributeIn { key, values } => {
                check_id(".attribute_in.key", key)?;
                values.iter().try_for_each(|value| check_id(".attribute_in.values", value))
            }
            Self::Availability(_) | Self::CreatedAfter(_) | Self::SameAsContextItem(_) => Ok(()),
        }
    }
}

/// Filters over the symbols of one view, one after the other.
#[derive(Default)]
pub(crate) struct Compiled {
    /// Each before what it is made of.
    nodes: Vec<Node>,
    symbols: Vec<u32>,
    /// Room for a name.
    name: String,
}

struct Node {
    condition: Condition,
    /// What follows all that it is made of.
    end: usize,
}

#[derive(Clone, Copy)]
enum Condition {
    All,
    Any,
    Not,
    /// One of these symbols, ascending.
    Symbols(usize, usize),
    Price(f64, f64),
    /// One bit for each state.
    Availability(u8),
    CreatedAfter(i64),
}

/// One of the compiled filters.
#[derive(Clone, Copy)]
pub(crate) struct FilterId(usize);

impl Compiled {
    pub(crate) fn clear(&mut self) {
        self.nodes.clear();
        self.symbols.clear();
    }

    pub(crate) fn add(&mut self, filter: &Filter, view: &View, request: &Request) -> FilterId {
        let place = self.nodes.len();
        // What a node is made of follows it.
        self.nodes.push(Node { condition: Condition::All, end: 0 });
        let mut add_all = |filters: &[Filter]| {
            for filter in filters {
                self.add(filter, view, request);
            }
        };
        let condition = match filter {
            Filter::All(filters) => {
                add_all(filters);
                Condition::All
            }
            Filter::Any(filters) => {
                add_all(filters);
                Condition::Any
            }
            Filter::Not(filter) => {
                add_all(std::slice::from_ref(filter));
                Condition::Not
            }
            Filter::InCategory(ids) => self.symbols(view, SymbolKind::Category, ids),
            Filter::Brand(ids) => self.symbols(view, SymbolKind::Brand, ids),
            Filter::AttributeIn { key, values } => {
                let first = self.symbols.len();
                for value in values {
                    self.name.clear();
                    self.name.extend([key, "=", value]);
                    self.symbols.extend(view.symbol(SymbolKind::Attribute, &self.name));
                }
                self.from(first)
            }
            Filter::Price { min, max } => Condition::Price(min.unwrap_or(0.0), max.unwrap_or(f64::INFINITY)),
            Filter::Availability(states) => {
                Condition::Availability(states.iter().fold(0, |bits, state| bits | state.bit()))
            }
            Filter::CreatedAfter(time_ms) => Condition::CreatedAfter(*time_ms),
            Filter::SameAsContextItem(property) => {
                let item = request.kind.seeds().first().or(request.context.item.as_ref());
                let index = item.and_then(|id| view.index_of(id));
                let first = self.symbols.len();
                self.symbols.extend(index.and_then(|index| match property {
                    SameAs::Category => view.leaf_category(index),
                    SameAs::Brand => view.first_of_kind(index, SymbolKind::Brand),
                }));
                self.from(first)
            }
        };
        self.nodes[place] = Node { condition, end: self.nodes.len() };
        FilterId(place)
    }

    /// In `category` or below it.
    pub(crate) fn add_category(&mut self, view: &View, category: &str) -> FilterId {
        let first = self.symbols.len();
        self.symbols.extend(view.symbol(SymbolKind::Category, category));
        let condition = self.from(first);
        self.nodes.push(Node { condition, end: self.nodes.len() + 1 });
        FilterId(self.nodes.len() - 1)
    }

    fn symbols(&mut self, view: &View, kind: SymbolKind, names: &[String]) -> Condition {
        let first = self.symbols.len();
        self.symbols.extend(names.iter().filter_map(|name| view.symbol(kind, name)));
        self.from(first)
    }

    /// One of the symbols from `first` on.
    fn from(&mut self, first: usize) -> Condition {
        self.symbols[first..].sort_unstable();
        Condition::Symbols(first, self.symbols.len())
    }

    /// What a filter is made of.
    fn parts(&self, FilterId(place): FilterId) -> impl Iterator<Item = FilterId> {
        let mut next = place + 1;
        std::iter::from_fn(move || {
            let part = FilterId(next);
            (next < self.nodes[place].end).then(|| {
                next = self.nodes[next].end;
                part
            })
        })
    }

    pub(crate) fn holds(&self, filter: FilterId, view: &View, index: u32) -> bool {
        match self.nodes[filter.0].condition {
            Condition::All => self.parts(filter).all(|part| self.holds(part, view, index)),
            Condition::Any => self.parts(filter).any(|part| self.holds(part, view, index)),
            Condition::Not => !self.parts(filter).any(|part| self.holds(part, view, index)),
            Condition::Symbols(first, end) => {
                let symbols = &self.symbols[first..end];
                view.has_symbol(index, |symbol| symbols.binary_search(&symbol).is_ok())
            }
            Condition::Price(min, max) => view.price(index).is_some_and(|price| (min..=max).contains(&price)),
            Condition::Availability(states) => states & view.availability(index).bit() != 0,
            Condition::CreatedAfter(time_ms) => {
                view.created_at_ms(index).is_some_and(|created| created >= time_ms)
            }
        }
    }

    /// All items for which a filter holds.
    pub(crate) fn bits(&self, filter: FilterId, view: &View) -> Bits {
        match self.nodes[filter.0].condition {
            Condition::All => {
                let mut bits = Bits::all(view.len());
                self.narrow(filter, view, &mut bits);
                bits
            }
            Condition::Any | Condition::Not => {
                let mut bits = Bits::none(view.len());
                self.parts(filter).for_each(|part| bits.or(&self.bits(part, view)));
                if matches!(self.nodes[filter.0].condition, Condition::Not) {
                    bits.invert();
                }
                bits
            }
            Condition::Symbols(first, end) => view.with_symbols(self.symbols[first..end].iter().copied()),
            Condition::Price(min, max) => view.with_price(min, max),
            Condition::Availability(states) => view.in_state(states),
            Condition::CreatedAfter(time_ms) => view.created_after(time_ms),
        }
    }

    /// Takes the items out of `bits` for which a filter does not hold.
    pub(crate) fn narrow(&self, filter: FilterId, view: &View, bits: &mut Bits) {
        match self.nodes[filter.0].condition {
            Condition::All => self.parts(filter).for_each(|part| self.narrow(part, view, bits)),
            _ => bits.and(&self.bits(filter, view)),
        }
    }
}
