//! The built `tastekeeper` command, as a data scientist and as CI use it, on a shop of forty items.
#![allow(clippy::unwrap_used, reason = "tests")]

mod evaluation;
mod flow;
mod inputs;
mod refusals;
mod sharing;
mod support;
mod training;
