//! Harness shared by the promise tests.

pub mod fault;
pub mod log_contract;
pub mod phone;
pub mod promise;
pub mod survival;
