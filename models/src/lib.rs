//! Train, pack, sign, inspect and evaluate Tastekeeper models.
//!
//! Data flows [`input`] → [`dataset`] → `train` → [`trained`] → `pack` → the engine → `evaluate`. A [`shop`] that does not exist stands in for a log.

pub mod dataset;
pub mod input;
pub mod shop;
pub mod trained;
