//! What can go wrong, as the app sees it: one variant for each thing an app can do about it.
//!
//! Enters: failures of the platform, the store and the model's parser. Leaves: [`Error`]. No message ever holds an item id,
//! a query, a key or a path.

pub use problem::{ModelProblem, Requirement};
pub use vocabulary::VocabularyProblem;

use crate::platform::{FileError, KeyError, RandomError};

mod problem;
mod vocabulary;

/// The result of every fallible call.
pub type Result<T> = std::result::Result<T, Error>;

/// Every failure a call can report.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A value in the call is outside what the call accepts.
    #[error("invalid argument `{field}`: {reason}")]
    InvalidArgument {
        /// The field, as a path from the argument's root, for example `request.filter.price.min`.
        field: String,
        /// What was expected.
        reason: String,
    },
    /// The call needs a consent that is missing, expired or withdrawn.
    #[error("consent required: {reason}")]
    ConsentRequired {
        /// What is missing.
        reason: String,
    },
    /// The model pack was refused; the pack in use stays in use.
    #[error("model pack refused: {problem}")]
    ModelInvalid {
        /// Why.
        problem: ModelProblem,
    },
    /// The vocabulary was refused; the one in use stays in use.
    #[error("vocabulary refused: {problem}")]
    VocabularyInvalid {
        /// Why.
        problem: VocabularyProblem,
    },
    /// No report can be had now, whatever the shopper agreed to.
    #[error("no report: {reason}")]
    BudgetExhausted {
        /// What stands in the way.
        reason: String,
    },
    /// The store's files cannot be read or written now.
    #[error("storage unavailable: {reason}")]
    StorageUnavailable {
        /// What was tried and how it failed.
        reason: String,
    },
    /// No space is left, or the store's hard size limit is reached. Nothing changed.
    #[error("storage full: nothing was changed")]
    StorageFull,
    /// Authenticated data is damaged in a place that no crash explains.
    #[error("storage corrupt: {reason}")]
    StorageCorrupt {
        /// Which part.
        reason: String,
    },
    /// The host's key custodian gave no key.
    #[error("key unavailable: {reason}")]
    KeyUnavailable {
        /// How it failed.
        reason: String,
    },
    /// The host's random source failed. Nothing was written.
    #[error("random source failed")]
    RandomUnavailable,
    /// The level is lowered, or what should be forgotten is out of use, but a key or file that may still make it readable
    /// could not be removed yet. Every open tries again.
    #[error("erasure pending: {reason}")]
    ErasurePending {
        /// What stands in the way.
        reason: String,
    },
    /// The recommender was closed.
    #[error("the recommender is closed")]
    Closed,
    /// A defect of the engine.
    #[error("internal error: {reason}")]
    Internal {
        /// Which invariant failed.
        reason: String,
    },
}

impl Error {
    /// An [`Error::InvalidArgument`].
    pub(crate) fn invalid(field: impl Into<String>, reason: impl Into<String>) -> Self {
        Self::InvalidArgument { field: field.into(), reason: reason.into() }
    }

    /// The same error with the field's name after `outer`, so that the name is put together only where something is wrong.
    pub(crate) fn within(self, outer: std::fmt::Arguments<'_>) -> Self {
        match self {
            Self::InvalidArgument { field, reason } => {
                Self::InvalidArgument { field: format!("{outer}{field}"), reason }
            }
            other => other,
        }
    }
}

impl From<FileError> for Error {
    fn from(error: FileError) -> Self {
        match error {
            FileError::Full => Self::StorageFull,
            FileError::NotFound
            | FileError::ReadOnly
            | FileError::Busy
            | FileError::Changed
            | FileError::Io(_) => Self::StorageUnavailable { reason: error.to_string() },
        }
    }
}

impl From<KeyError> for Error {
    fn from(error: KeyError) -> Self {
        Self::KeyUnavailable { reason: error.to_string() }
    }
}

impl From<RandomError> for Error {
    fn from(_: RandomError) -> Self {
        Self::RandomUnavailable
    }
}

impl From<ModelProblem> for Error {
    fn from(problem: ModelProblem) -> Self {
        Self::ModelInvalid { problem }
    }
}

impl From<VocabularyProblem> for Error {
    fn from(problem: VocabularyProblem) -> Self {
        Self::VocabularyInvalid { problem }
    }
}
