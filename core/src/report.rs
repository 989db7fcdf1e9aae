//! The one thing that may leave the phone: a coarse noisy preference report of 24 bytes.
//!
//! Here are the numbers of the mechanism. They bind the sampler, the ledger and everything that is said about them.

/// Topics of the default vocabulary, topic 0 (an empty slot) included: `d`.
pub const TOPICS: u8 = 32;
/// Topics named by one report: `m`.
pub const TOPICS_PER_REPORT: u8 = 2;
/// The likelihood ratio `R` of one report; its privacy loss is `ln R`. Also the largest that is allowed.
pub const MAX_RATIO: u8 = 8;
/// Slots of a shopper: the newest distinct items a report is drawn from.
pub const SLOTS: u8 = 8;
/// Days of one epoch. One report per epoch.
pub const EPOCH_DAYS: u32 = 91;
/// Budget that one report costs, in units of `ln 2`: `log2 R`.
pub const UNITS_PER_REPORT: u32 = 3;
/// Most units that are spent in any four epochs in a row.
pub const MAX_UNITS_PER_FOUR_EPOCHS: u32 = 12;
/// Most units that are spent by one installation, ever.
pub const MAX_UNITS: u32 = 24;
/// Bytes of a report.
pub const REPORT_BYTES: usize = 24;
/// A report is offered to the app at a random moment within so many days of being drawn.
pub const OFFER_WITHIN_DAYS: u32 = 14;
