//! Train, pack, sign, inspect and evaluate Tastekeeper models.
//!
//! Data flows [`input`] → [`dataset`] → `train` → [`trained`] → `pack` → the engine → `evaluate`. A generated
//! [`shop`] stands in for a log.

pub mod dataset;
pub mod input;
pub mod shop;
pub mod trained;
