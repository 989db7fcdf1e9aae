//! Why a model pack or a key was refused: one variant for each malformed case.
//!
//! Messages name the part of the format, never an item, a key or a path.

use crate::layout::{SdkVersion, Section};

/// What a pack asks for that this engine does not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Requirement {
    /// At least this version of the engine.
    #[error("version {0} or later")]
    Version(SdkVersion),
    /// A section that must be understood.
    #[error("section kind {0}")]
    SectionKind(u32),
    /// Flag bits that must be understood.
    #[error("flags {0:#x}")]
    Flags(u32),
    /// An unknown encoding of a known section.
    #[error("encoding {encoding} of the section `{section}`")]
    Encoding {
        /// The section.
        section: Section,
        /// Its encoding.
        encoding: u32,
    },
}

/// Why a model pack was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ModelProblem {
    /// The text is not a minisign public key, or the key is one that any signature fits.
    #[error("not a usable minisign public key")]
    BadPublicKey,
    /// The file does not begin like a pack.
    #[error("not a model pack")]
    NotAPack,
    /// A format this engine does not know.
    #[error("unsupported pack format {found}")]
    UnsupportedFormat {
        /// The format version in the file.
        found: u16,
    },
    /// The file ends before its own header says.
    #[error("the file is truncated")]
    Truncated,
    /// The file goes on after its own header says it ends.
    #[error("the file has bytes after its end")]
    TrailingBytes,
    /// A count or length above the format's limit.
    #[error("too large: {what}")]
    TooLarge {
        /// What is too large.
        what: &'static str,
    },
    /// Signed with a key that is not among the trusted ones.
    #[error("signed with a key that is not trusted")]
    UnknownKey,
    /// The signature does not fit the bytes.
    #[error("the signature does not fit")]
    BadSignature,
    /// The pack asks for something only a newer engine has.
    #[error("needs a newer sdk: {requirement}")]
    NeedsNewerSdk {
        /// What it asks for.
        requirement: Requirement,
    },
    /// The pack in use is newer; an older one is never installed over it.
    #[error("older than the installed pack: version {offered}, installed {installed}")]
    OlderThanInstalled {
        /// Version of the pack in use.
        installed: u64,
        /// Version of the refused pack.
        offered: u64,
    },
    /// A reserved byte is not zero.
    #[error("a reserved byte is not zero")]
    ReservedNotZero,
    /// A padding byte between sections is not zero.
    #[error("a padding byte is not zero")]
    PaddingNotZero,
    /// The section table is empty, does not fit the file, or its kinds do not ascend.
    #[error("malformed section table")]
    BadSectionTable,
    /// A section does not start at a multiple of 64.
    #[error("a section is not aligned")]
    SectionMisaligned,
    /// A section begins before the one in front of it, or the table, ends.
    #[error("sections overlap")]
    SectionOverlap,
    /// Bytes that belong to no section.
    #[error("a gap between sections")]
    SectionGap,
    /// A section reaches beyond the signed bytes.
    #[error("a section lies outside the file")]
    SectionOutOfBounds,
    /// A section that every such pack has is absent.
    #[error("the section `{section}` is missing")]
    MissingSection {
        /// The section.
        section: Section,
    },
    /// A section is present that this pack's counts rule out.
    #[error("the section `{section}` should not be there")]
    UnexpectedSection {
        /// The section.
        section: Section,
    },
    /// A section's length does not follow from the counts.
    #[error("the section `{section}` has the wrong length")]
    BadSectionLength {
        /// The section.
        section: Section,
    },
    /// A text section is not UTF-8, or an offset splits a character.
    #[error("the section `{section}` is not valid utf-8")]
    NotUtf8 {
        /// The section.
        section: Section,
    },
    /// A parameter is not finite or outside its documented range.
    #[error("parameter `{field}` is out of range")]
    BadParameter {
        /// The parameter.
        field: &'static str,
    },
    /// The model id is empty or too long, or a text holds a control character.
    #[error("malformed model information")]
    BadInfo,
    /// Id offsets do not start at zero, do not ascend, or an id is empty or too long.
    #[error("malformed item ids")]
    BadItemIds,
    /// Two items have the same id.
    #[error("an item id occurs twice")]
    DuplicateItemId,
    /// The item order is not the permutation that sorts the ids.
    #[error("malformed item order")]
    BadItemOrder,
    /// Popularity rises along the rank order.
    #[error("malformed popularity")]
    BadPopularity,
    /// A vector holds a code outside its symmetric range, or an unused nibble is not zero.
    #[error("malformed vectors")]
    BadVectors,
    /// A bit of the signs contradicts the value's code, or one that stands for no value is not zero.
    #[error("the signs are not those of the vectors")]
    BadSigns,
    /// A bit of the residuals that stands for no value is not zero.
    #[error("malformed residuals")]
    BadResiduals,
    /// A neighbour is not an item, an unused slot names one, or unused bits are not zero.
    #[error("malformed neighbours")]
    BadNeighbours,
    /// Weights of a row rise, or an unused nibble is not zero.
    #[error("malformed neighbour weights")]
    BadNeighbourWeights,
    /// A matrix scale is out of range or a code outside its symmetric range.
    #[error("malformed matrix")]
    BadMatrix,
    /// An attribute's kind is unknown or its name empty or too long.
    #[error("malformed attributes")]
    BadAttributes,
    /// A parent does not stand before its child, or one of the two is not a category.
    #[error("malformed category tree")]
    BadParent,
    /// Two attributes have the same kind and name.
    #[error("an attribute occurs twice")]
    DuplicateAttribute,
    /// The attribute order is not the permutation that sorts the attributes.
    #[error("malformed attribute order")]
    BadAttributeOrder,
    /// An item's attributes do not ascend, do not exist, or are too many.
    #[error("malformed item attributes")]
    BadItemAttributes,
    /// An attribute vector's scale is out of range or a code outside its symmetric range.
    #[error("malformed attribute vectors")]
    BadAttributeVectors,
}
