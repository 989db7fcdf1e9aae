//! Train, pack, sign, inspect and evaluate Tastekeeper models.
//!
//! Data flows `input` or `shop` → [`dataset`] → [`train`] → [`trained`] → [`pack`] → the engine → [`evaluate`].
//! [`host`] is what the engine needs of a computer, [`command`] the `tastekeeper` command.

pub mod check;
pub mod command;
pub mod dataset;
pub mod evaluate;
pub mod host;
pub mod import;
pub mod input;
pub mod pack;
pub mod reference;
pub mod saved;
pub mod shop;
pub mod train;
pub mod trained;
