//! Counts reports.
fn main() {}
