//! The two kinds of errors: what an app catches, and what a host's own class throws.

use tastekeeper::Error as Core;

/// Every failure a call can report: one variant for each thing an app can do about it. The text names the field and says what
/// to do; it never holds an item id, a query, a key or a path.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, uniffi::Error)]
#[uniffi(flat_error)]
pub enum TastekeeperError {
    /// A value in the call is outside what the call accepts. Correct the field it names.
    #[error("{0}")]
    InvalidArgument(String),
    /// The call needs a consent that is missing, expired or withdrawn. Ask the shopper.
    #[error("{0}")]
    ConsentRequired(String),
    /// The model pack was refused; the pack in use stays in use.
    #[error("{0}")]
    ModelInvalid(String),
    /// The vocabulary was refused; the one in use stays in use.
    #[error("{0}")]
    VocabularyInvalid(String),
    /// No report can be had now, whatever the shopper agreed to.
    #[error("{0}")]
    BudgetExhausted(String),
    /// The store's files cannot be read or written now. Try again later.
    #[error("{0}")]
    StorageUnavailable(String),
    /// No space is left, or the store's hard size limit is reached. Nothing changed.
    #[error("{0}")]
    StorageFull(String),
    /// Authenticated data is damaged in a place that no crash explains.
    #[error("{0}")]
    StorageCorrupt(String),
    /// The host's key custodian gave no key. Try again later, or go on without a directory; a key that is lost for good needs
    /// `reset_store`.
    #[error("{0}")]
    KeyUnavailable(String),
    /// The random source failed. Nothing was written.
    #[error("{0}")]
    RandomUnavailable(String),
    /// It took effect, but a key or file that may still make it readable could not be removed yet. Every open tries again.
    #[error("{0}")]
    ErasurePending(String),
    /// The recommender was closed.
    #[error("{0}")]
    Closed(String),
    /// A defect of the engine.
    #[error("{0}")]
    Internal(String),
}

/// The result of every exported call.
pub type Result<T> = std::result::Result<T, TastekeeperError>;

impl From<Core> for TastekeeperError {
    #[inline(never)]
    fn from(error: Core) -> Self {
        let text = error.to_string();
        match error {
            Core::InvalidArgument { .. } => Self::InvalidArgument(text),
            Core::ConsentRequired { .. } => Self::ConsentRequired(text),
            Core::ModelInvalid { .. } => Self::ModelInvalid(text),
            Core::VocabularyInvalid { .. } => Self::VocabularyInvalid(text),
            Core::BudgetExhausted { .. } => Self::BudgetExhausted(text),
            Core::StorageUnavailable { .. } => Self::StorageUnavailable(text),
            Core::StorageFull => Self::StorageFull(text),
            Core::StorageCorrupt { .. } => Self::StorageCorrupt(text),
            Core::KeyUnavailable { .. } => Self::KeyUnavailable(text),
            Core::RandomUnavailable => Self::RandomUnavailable(text),
            Core::ErasurePending { .. } => Self::ErasurePending(text),
            Core::Closed => Self::Closed(text),
            // `Internal`, and what a later engine may add
            _ => Self::Internal(text),
        }
    }
}

/// An argument that this layer itself cannot pass on, in the engine's words.
pub(crate) fn invalid(field: &str, reason: &str) -> TastekeeperError {
    Core::InvalidArgument { field: field.into(), reason: reason.into() }.into()
}

/// What the app's own clock, random source or key custodian throws. It carries no text: what went wrong stays with the app,
/// because a text could hold anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error, uniffi::Error)]
pub enum HostError {
    /// It cannot be done now; trying later may succeed, for example after the first unlock.
    #[error("not available now")]
    Unavailable,
    /// It was refused for good.
    #[error("refused")]
    Refused,
}

impl From<uniffi::UnexpectedUniFFICallbackError> for HostError {
    /// The host threw something it never declared. The text is dropped: it may hold a whole stack trace.
    fn from(_: uniffi::UnexpectedUniFFICallbackError) -> Self {
        Self::Unavailable
    }
}
