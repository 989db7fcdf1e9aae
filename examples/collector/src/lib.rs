//! The shop's end of preference reports: takes 24 bytes, counts them, shows the estimated demand.
//!
//! `service` is HTTP, `queue` the way from many requests to few commits, `store` the counts on disk, `page` what a person sees.
//! In: reports. Out: estimates of all, never of one. Must never keep a report, an address, a header or a time finer than the
//! epoch: what is on disk is how often each mask came, by vocabulary and epoch.

pub mod page;
pub mod queue;
pub mod service;
pub mod store;
pub mod vocabularies;
