//! What the auditor finds.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What is promised, in six groups.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Invariant {
    /// No piece is made or lost, no counter falls below zero, and what is given back is given back once.
    Stock,
    /// Orders come to an end; who is charged gets what was ordered or the money back; nobody is charged twice.
    Sagas,
    /// Every version has its event, every event has its effect on every subscriber once, and what is counted and indexed is
    /// what there is.
    Outbox,
    /// What was acknowledged is there, under one key once, and nothing that is to be unique is there twice.
    Http,
    /// A refresh token is spent once, and who is suspended is out.
    Sessions,
    /// No more is granted than a limit allows, and what has lapsed or was remembered decides nothing.
    Limits,
}

impl Invariant {
    /// Every group.
    pub const ALL: &'static [Self] =
        &[Self::Stock, Self::Sagas, Self::Outbox, Self::Http, Self::Sessions, Self::Limits];

    /// Its name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Stock => "stock",
            Self::Sagas => "sagas",
            Self::Outbox => "outbox",
            Self::Http => "http",
            Self::Sessions => "sessions",
            Self::Limits => "limits",
        }
    }
}

impl fmt::Display for Invariant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Something that should not be so.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Violation {
    /// Which promise is broken.
    pub invariant: Invariant,
    /// What it is about: an id, an address, a list.
    pub subject: String,
    /// How it should be.
    pub expected: String,
    /// How it is.
    pub found: String,
}

impl Violation {
    /// Of `invariant`, about `subject`.
    pub fn new(
        invariant: Invariant,
        subject: impl fmt::Display,
        expected: impl fmt::Display,
        found: impl fmt::Display,
    ) -> Self {
        Self {
            invariant,
            subject: subject.to_string(),
            expected: expected.to_string(),
            found: found.to_string(),
        }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}: {}; it should be: {}", self.invariant, self.subject, self.found, self.expected)
    }
}
