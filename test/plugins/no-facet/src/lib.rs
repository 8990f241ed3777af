//! A component that exports nothing at all.
