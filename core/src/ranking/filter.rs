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
    pub(crate) fn check(&self, field: &str) -> Result<()> {
        let mut nodes = 0;
        self.check_node(field, 0, &mut nodes)
    }

    fn check_node(&self, field: &str, depth: usize, nodes: &mut usize) -> Result<()> {
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
                field,
                format!("must have at most {MAX_NODES} conditions, {MAX_DEPTH} deep"),
            ));
        }
        match self {
            Self::All(filters) => filters
                .iter()
                .try_for_each(|filter| filter.check_node(&format!("{field}.all"), depth + 1, nodes)),
            Self::Any(filters) => filters
                .iter()
                .try_for_each(|filter| filter.check_node(&format!("{field}.any"), depth + 1, nodes)),
            Self::Not(filter) => filter.check_node(&format!("{field}.not"), depth + 1, nodes),
            Self::InCategory(ids) => {
                ids.iter().try_for_each(|id| check_id(&format!("{field}.in_category"), id))
            }
            Self::Brand(ids) => ids.iter().try_for_each(|id| check_id(&format!("{field}.brand"), id)),
            Self::Price { min, max } => {
                for (name, bound) in [("min", min), ("max", max)] {
                    if let Some(bound) = bound {
                        check_price(&format!("{field}.price.{name}"), *bound)?;
                    }
                }
                match (min, max) {
                    (Some(min), Some(max)) if min > max => {
                        Err(Error::invalid(format!("{field}.price.min"), "must not exceed `max`"))
                    }
                    _ => Ok(()),
                }
            }
            Self::AttributeIn { key, values } => {
                check_id(&format!("{field}.attribute_in.key"), key)?;
                values.iter().try_for_each(|value| check_id(&format!("{field}.attribute_in.values"), value))
            }
            Self::Availability(_) | Self::CreatedAfter(_) | Self::SameAsContextItem(_) => Ok(()),
        }
    }
}

/// A filter over the symbols of one view.
pub(crate) enum Compiled {
    All(Vec<Compiled>),
    Any(Vec<Compiled>),
    Not(Box<Compiled>),
    /// One of these symbols, ascending.
    Symbols(Vec<u32>),
    Price(f64, f64),
    Availability(Vec<Availability>),
    CreatedAfter(i64),
}

impl Compiled {
    pub(crate) fn new(filter: &Filter, view: &View, request: &Request) -> Self {
        let all =
            |filters: &[Filter]| filters.iter().map(|filter| Self::new(filter, view, request)).collect();
        match filter {
            Filter::All(filters) => Self::All(all(filters)),
            Filter::Any(filters) => Self::Any(all(filters)),
            Filter::Not(filter) => Self::Not(Box::new(Self::new(filter, view, request))),
            Filter::InCategory(ids) => Self::symbols(view, SymbolKind::Category, ids),
            Filter::Brand(ids) => Self::symbols(view, SymbolKind::Brand, ids),
            Filter::AttributeIn { key, values } => {
                let names: Vec<String> = values.iter().map(|value| format!("{key}={value}")).collect();
                Self::symbols(view, SymbolKind::Attribute, &names)
            }
            Filter::Price { min, max } => Self::Price(min.unwrap_or(0.0), max.unwrap_or(f64::INFINITY)),
            Filter::Availability(states) => Self::Availability(states.clone()),
            Filter::CreatedAfter(time_ms) => Self::CreatedAfter(*time_ms),
            Filter::SameAsContextItem(property) => {
                let item = request.kind.seeds().first().or(request.context.item.as_ref());
                let index = item.and_then(|id| view.index_of(id));
                let symbol = index.and_then(|index| match property {
                    SameAs::Category => view.leaf_category(index),
                    SameAs::Brand => view.symbols_of_kind(index, SymbolKind::Brand).first().copied(),
                });
                Self::Symbols(symbol.into_iter().collect())
            }
        }
    }

    /// In `category` or below it.
    pub(crate) fn category(view: &View, category: &str) -> Self {
        Self::symbols(view, SymbolKind::Category, &[category.to_owned()])
    }

    fn symbols(view: &View, kind: SymbolKind, names: &[String]) -> Self {
        let mut symbols: Vec<u32> = names.iter().filter_map(|name| view.symbol(kind, name)).collect();
        symbols.sort_unstable();
        Self::Symbols(symbols)
    }

    pub(crate) fn holds(&self, view: &View, index: u32) -> bool {
        match self {
            Self::All(filters) => filters.iter().all(|filter| filter.holds(view, index)),
            Self::Any(filters) => filters.iter().any(|filter| filter.holds(view, index)),
            Self::Not(filter) => !filter.holds(view, index),
            Self::Symbols(symbols) => view.has_symbol(index, |symbol| symbols.binary_search(&symbol).is_ok()),
            Self::Price(min, max) => view.price(index).is_some_and(|price| (*min..=*max).contains(&price)),
            Self::Availability(states) => states.contains(&view.availability(index)),
            Self::CreatedAfter(time_ms) => {
                view.created_at_ms(index).is_some_and(|created| created >= *time_ms)
            }
        }
    }

    /// All items for which it holds.
    pub(crate) fn bits(&self, view: &View) -> Bits {
        match self {
            Self::All(filters) => {
                let mut bits = Bits::all(view.len());
                filters.iter().for_each(|filter| filter.narrow(view, &mut bits));
                bits
            }
            Self::Any(filters) => {
                let mut bits = Bits::none(view.len());
                filters.iter().for_each(|filter| bits.or(&filter.bits(view)));
                bits
            }
            Self::Not(filter) => {
                let mut bits = filter.bits(view);
                bits.invert();
                bits
            }
            Self::Symbols(symbols) => view.with_symbols(symbols.iter().copied()),
            Self::Price(min, max) => view.with_price(*min, *max),
            Self::Availability(states) => view.in_state(states),
            Self::CreatedAfter(time_ms) => view.created_after(*time_ms),
        }
    }

    /// Takes the items out of `bits` for which it does not hold.
    pub(crate) fn narrow(&self, view: &View, bits: &mut Bits) {
        match self {
            Self::All(filters) => filters.iter().for_each(|filter| filter.narrow(view, bits)),
            _ => bits.and(&self.bits(view)),
        }
    }
}
