//! On-device personalisation: sealed history, local recommendations, explanations.

pub mod error;
pub mod model;
#[cfg(feature = "mutants")]
pub mod mutants;
pub mod platform;
pub mod store;

mod codec;

/// `true` when the named mutant is switched on. Without the `mutants` feature this is the constant `false`.
#[cfg(feature = "mutants")]
macro_rules! mutant {
    ($name:ident) => {
        $crate::mutants::is_active($crate::mutants::Mutant::$name)
    };
}
#[cfg(not(feature = "mutants"))]
macro_rules! mutant {
    ($name:ident) => {
        false
    };
}
#[allow(unused_imports)]
pub(crate) use mutant;
