//! Train, pack, sign, inspect and evaluate Tastekeeper models.
//!
//! Data flows `input`, `shop` or `generate` → [`dataset`] → [`train`] → [`trained`] → [`pack`] → the engine →
//! [`evaluate`].
//! [`disclosures`] and [`privacy_report`] are for privacy officers.
//! [`check`] tells what a log is like before any of that, [`baselines`] is what an evaluation compares with, [`host`]
//! what the engine needs of a computer, [`command`] the `tastekeeper` command.

pub mod aggregate;
pub mod baselines;
pub mod check;
pub mod command;
pub mod counted;
pub mod dataset;
pub mod date;
pub mod demand;
pub mod disclosures;
pub mod evaluate;
pub mod gates;
pub mod generate;
pub mod host;
pub mod import;
pub mod input;
pub mod pack;
pub mod privacy;
pub mod privacy_report;
pub mod reference;
pub mod report;
pub mod saved;
pub mod schema;
pub mod shop;
pub mod statistics;
pub mod train;
pub mod trained;
pub mod vocabulary;
