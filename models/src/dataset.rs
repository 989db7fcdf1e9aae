//! A shop's log in memory: sequences of item indices in time order, and what the items are.

pub use tastekeeper::model::AttributeKind;

/// What a shopper did. The names are the engine's event kinds; weights belong to the training configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum InteractionKind {
    /// Looked at the item, or the log does not say what was done.
    View = 0,
    /// Put it in the cart.
    Cart = 1,
    /// Put it on the wish list.
    Wishlist = 2,
    /// Bought it.
    Purchase = 3,
}

/// One event of a log.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interaction {
    /// Index into [`Dataset::items`].
    pub item: u32,
    /// What was done.
    pub kind: InteractionKind,
    /// Milliseconds since 1970-01-01 UTC; `None` when the log has no time.
    pub time_ms: Option<i64>,
}

/// The events of one shopper or session, oldest first.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sequence {
    /// The shopper's or session's id in the log.
    pub user: String,
    /// Oldest first.
    pub events: Vec<Interaction>,
}

/// One attribute that items can have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attribute {
    /// Category, brand or other.
    pub kind: AttributeKind,
    /// Unique within its kind.
    pub name: String,
    /// For a category: the index of the parent category, smaller than its own.
    pub parent: Option<u32>,
}

/// All attributes, and which item has which.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AttributeTable {
    /// The attributes; a parent stands before its children.
    pub entries: Vec<Attribute>,
    /// For each item of [`Dataset::items`]: indices into `entries`, ascending, without repeats. A category path is
    /// all its nodes.
    pub of_item: Vec<Vec<u32>>,
}

/// A shop's log.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Dataset {
    /// Item ids; every other structure speaks of items by their index here.
    pub items: Vec<String>,
    /// One per shopper or session. A sequence may be empty after a split.
    pub sequences: Vec<Sequence>,
    /// Attributes; `of_item` is as long as `items` (empty lists where nothing is known).
    pub attributes: AttributeTable,
}
