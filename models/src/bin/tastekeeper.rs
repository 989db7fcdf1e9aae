//! The `tastekeeper` command.
fn main() {}
