//! Why a vocabulary was refused.

/// The first rule that a vocabulary breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum VocabularyProblem {
    /// The file, a label, an id or a list is too long.
    #[error("{what} is too long")]
    TooLarge {
        /// Which.
        what: &'static str,
    },
    /// The first line is not that of a vocabulary.
    #[error("not a vocabulary: the first line must be `tastekeeper-vocabulary 1`")]
    NotAVocabulary,
    /// Another version of the format.
    #[error("another version of the format")]
    UnsupportedVersion,
    /// A line is not what stands there in this format.
    #[error("line {line} is not what stands there in this format")]
    Syntax {
        /// From 1.
        line: usize,
    },
    /// The same content has another encoding: an order or a number is written in another way.
    #[error("not the canonical form: write it with `tastekeeper vocabulary build`")]
    NotCanonical,
    /// The signature is not one of minisign's, or does not fit.
    #[error("the signature does not fit")]
    BadSignature,
    /// None of the trusted keys made the signature.
    #[error("signed with a key that is not trusted")]
    UnknownKey,
    /// No mechanism has these numbers, or there are more or fewer topics than they say.
    #[error("`topics`, `per_report` and `ratio` do not fit together, or not with the topics listed")]
    BadParameters,
    /// So many masks would make a mask a fingerprint.
    #[error(
        "{masks} masks are too many for {cohort} shoppers: at least 50 shoppers for each mask are needed"
    )]
    TooManyMasks {
        /// `d` choose `m`.
        masks: u64,
        /// Opted-in shoppers.
        cohort: u64,
    },
    /// A label is empty, or stands twice.
    #[error("the label of topic {topic} is empty, holds a control character or stands twice")]
    BadLabel {
        /// The topic.
        topic: usize,
    },
    /// A topic without a node, with a malformed one, or with one that stands elsewhere too.
    #[error("the nodes of topic {topic} are none, malformed, or stand elsewhere too")]
    BadNode {
        /// The topic; 0 for the excluded nodes.
        topic: usize,
    },
    /// A topic that must not exist.
    #[error("topic {topic} is sensitive and must not exist")]
    SensitiveTopic {
        /// The topic.
        topic: usize,
    },
    /// A topic that needs a switch of its own.
    #[error("topic {topic} tells of a baby and must be `guarded`")]
    UnguardedTopic {
        /// The topic.
        topic: usize,
    },
    /// The vocabulary changed once in this epoch already.
    #[error("the vocabulary changed once in this epoch already")]
    ChangedThisEpoch,
}
