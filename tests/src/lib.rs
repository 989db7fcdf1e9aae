//! Harness shared by the promise tests.

pub mod cmp_fixtures;
pub mod consent_strings;
pub mod fault;
pub mod log_contract;
pub mod machine;
pub mod phone;
pub mod promise;
pub mod sharing;
pub mod sources;
pub mod survival;

/// The example of the README compiles.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
pub struct Readme;
