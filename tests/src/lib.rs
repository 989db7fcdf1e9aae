//! Harness shared by the promise tests.

pub mod fault;
pub mod log_contract;
pub mod phone;
pub mod promise;
pub mod sources;
pub mod survival;

/// The example of the README compiles.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
pub struct Readme;
