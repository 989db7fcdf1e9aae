//! The pack: what is written is read, what is malformed is refused, what was released opens for ever.
#![allow(unreachable_pub, clippy::unwrap_used, clippy::cast_possible_truncation, clippy::float_cmp)]

mod fixture;
mod fuzzed;
mod keys;
mod malformed;
mod round_trip;
mod signs;
mod support;
