//! Calls and answers of the engine as JSON, in the form of the scenarios that every language runs
//! (`tests/scenarios/README.md` describes it): for hosts whose border carries text, and for the scenarios themselves.
//!
//! In: a call as JSON. Out: its answer as JSON, with every number that has a fraction as its bits, or a [`Problem`].
//! Must never decide anything, or repeat in a message what somebody gave it.
//!
//! ```text
//! read      JSON ──► the engine's types
//! show      the engine's answers ──► JSON
//! call      one call: read, ask, show
//! scenario  a scenario from its first step to its last, with a clock and a random source of its own
//! ```

mod call;
mod host;
mod read;
pub mod scenario;
mod show;

pub use call::{Answer, Files, call, load, read_config};
pub use host::{Counted, digest, hex};

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum Problem {
    /// The engine's own error.
    #[error(transparent)]
    Engine(#[from] tastekeeper::Error),
    /// The call is not written as it should be.
    #[error("misread: {0}")]
    Misread(String),
}

impl Problem {
    /// What it is called: the name of the engine's variant, or `Misread`.
    #[must_use]
    pub fn code(&self) -> String {
        let name = match self {
            Self::Engine(error) => format!("{error:?}"),
            Self::Misread(_) => "Misread".to_owned(),
        };
        name.split([' ', '{', '(']).next().unwrap_or_default().to_owned()
    }
}
