//! Why a build script failed.

use std::{fmt, io};

/// Why `.proto` files could not be compiled. Starts with `file:line:column:` where there is such a
/// place.
///
/// `Debug` says the same as `Display`: cargo shows the error of a build script's `main` by `Debug`.
pub struct Error(Kind);

enum Kind {
    Proto(protox::Error),
    Write(io::Error),
}

impl Error {
    /// The `.proto` file at fault, relative to its include directory, where one is.
    pub fn file(&self) -> Option<&str> {
        match &self.0 {
            Kind::Proto(error) => error.file(),
            Kind::Write(_) => None,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            // Protox has the place in `Debug` only.
            Kind::Proto(error) => write!(f, "{error:?}"),
            Kind::Write(error) => write!(f, "could not write the generated code: {error}"),
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for Error {}

impl From<protox::Error> for Error {
    fn from(error: protox::Error) -> Self {
        Self(Kind::Proto(error))
    }
}

impl From<io::Error> for Error {
    fn from(error: io::Error) -> Self {
        Self(Kind::Write(error))
    }
}
