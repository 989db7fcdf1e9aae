//! Plain enums that exist twice: in the engine, and here, where other languages can see them.

/// Declares an enum without data beside the engine's, with conversions both ways.
macro_rules! mirror {
    ($(#[$meta:meta])* $name:ident = $core:path { $($(#[$doc:meta])* $variant:ident),* $(,)? }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Enum)]
        pub enum $name { $($(#[$doc])* $variant),* }

        impl From<$core> for $name {
            #[allow(unreachable_patterns, reason = "the engine's enum may promise to grow")]
            fn from(value: $core) -> Self {
                use $core as Core;
                match value {
                    $(Core::$variant => Self::$variant,)*
                    _ => unreachable!("a variant of the engine that is not mirrored"),
                }
            }
        }

        impl From<$name> for $core {
            fn from(value: $name) -> Self {
                use $core as Core;
                match value { $($name::$variant => Core::$variant,)* }
            }
        }
    };
}
pub(crate) use mirror;

/// A count for other languages, which have no `usize`.
pub(crate) fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

/// A count from another language.
pub(crate) fn size(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

/// Every element converted.
pub(crate) fn all<T: Into<U>, U>(list: Vec<T>) -> Vec<U> {
    list.into_iter().map(Into::into).collect()
}
