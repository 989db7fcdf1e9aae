//! The model pack: parsing an untrusted, signed file into a model that can be ranked with.

/// Why a model pack was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ModelProblem {
    /// The file ends before its own header says.
    #[error("the file is truncated")]
    Truncated,
}
