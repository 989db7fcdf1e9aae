//! The smallest app on the engine.
fn main() {}
