//! Train, pack, sign, inspect and evaluate Tastekeeper models.
//!
//! Data flows `input` or `shop` → [`dataset`] → [`train`] → [`trained`] → [`pack`] → the engine → `evaluate`.

pub mod dataset;
pub mod input;
pub mod pack;
pub mod quantize;
pub mod reference;
pub mod shop;
pub mod train;
pub mod trained;
