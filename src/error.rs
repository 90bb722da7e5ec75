//! One error type for the library: a sentence a physicist can act on, and the exit code it deserves.

use std::path::PathBuf;

/// Result of everything in this library that can be refused.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why the library refused. The `Display` text is one sentence that names what was given, what is
/// accepted and what was found; `help` adds what to do about it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A value, key or file content that cannot be accepted (exit code 65).
    #[error("{message}")]
    Invalid {
        /// The sentence.
        message: String,
        /// What to do about it, when there is more to say.
        help: Option<String>,
    },
    /// A file that is not there or cannot be read (exit code 66).
    #[error("cannot read {}: {reason}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        reason: String,
    },
    /// A file or folder that cannot be written, or that already exists (exit code 73).
    #[error("cannot write {}: {reason}", path.display())]
    Unwritable {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        reason: String,
    },
    /// Something that others still have to do is not done (exit code 75).
    #[error("{message}")]
    Incomplete {
        /// The sentence.
        message: String,
        /// What to do about it.
        help: String,
    },
    /// A promise of the program to itself was broken (exit code 70).
    #[error("internal error: {0}; please report it with the protocol")]
    Internal(String),
}

impl Error {
    /// Bad input: a sentence that names the key, what is accepted and what was found.
    pub fn invalid(message: impl Into<String>) -> Self {
        Error::Invalid { message: message.into(), help: None }
    }

    /// Adds a line of help to a refusal of input.
    pub fn with_help(self, text: impl Into<String>) -> Self {
        match self {
            Error::Invalid { message, .. } => Error::Invalid { message, help: Some(text.into()) },
            other => other,
        }
    }

    /// Puts the place (a key, a file) before the sentence of a refusal of input.
    pub fn within(self, place: &str) -> Self {
        match self {
            Error::Invalid { message, help } => {
                Error::Invalid { message: format!("{place}: {message}"), help }
            }
            other => other,
        }
    }

    /// What to do about it, when there is more to say than the sentence.
    pub fn help(&self) -> Option<&str> {
        match self {
            Error::Invalid { help, .. } => help.as_deref(),
            Error::Incomplete { help, .. } => Some(help),
            _ => None,
        }
    }

    /// The exit code of the command line (BSD sysexits).
    pub fn exit_code(&self) -> u8 {
        match self {
            Error::Invalid { .. } => 65,
            Error::Unreadable { .. } => 66,
            Error::Unwritable { .. } => 73,
            Error::Internal(_) => 70,
            Error::Incomplete { .. } => 75,
        }
    }
}
