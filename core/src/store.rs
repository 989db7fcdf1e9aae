//! Sealed files: an append-only log of records, and a small state that is replaced as a whole.
