//! Rows of attacks, and what came of them.

use std::fmt;

use test_support::app::{Answer, RequestBuilder};

/// What a row must be answered with.
#[derive(Debug, Clone)]
pub(crate) struct Expected {
    status: u16,
    code: &'static str,
    field: Option<String>,
}

/// An error with this status and this code.
pub(crate) const fn refused(status: u16, code: &'static str) -> Expected {
    Expected { status, code, field: None }
}

/// A success with this status.
pub(crate) const fn done(status: u16) -> Expected {
    refused(status, "")
}

/// A validation error that names this field.
pub(crate) fn invalid(field: &str) -> Expected {
    Expected { field: Some(field.to_owned()), ..refused(400, "VALIDATION_ERROR") }
}

impl Expected {
    fn is_met_by(&self, answer: &Answer) -> bool {
        let error = &answer.json()["error"];
        let named = self.field.as_ref().is_none_or(|field| error["fields"].get(field).is_some());
        answer.status.as_u16() == self.status
            && error["code"].as_str().unwrap_or_default() == self.code
            && named
    }
}

/// How many rows each group had, and which of them were not answered as they should be.
#[derive(Debug, Default)]
pub(crate) struct Report {
    groups: Vec<(&'static str, usize)>,
    measured: Vec<String>,
    failures: Vec<String>,
}

impl Report {
    /// Something measured, to be printed with the figures.
    pub(crate) fn measured(&mut self, what: String) {
        self.measured.push(what);
    }

    /// The group that the next rows belong to.
    pub(crate) fn begin(&mut self, group: &'static str) {
        self.groups.push((group, 0));
    }

    /// Sends a row and notes whether it is answered as it should be.
    pub(crate) async fn row(&mut self, name: &str, ask: RequestBuilder<'_>, expected: Expected) -> Answer {
        let answer = ask.send().await;
        let problem = format!("expected {expected:?}, was {} {}", answer.status, answer.text);
        self.check(name, expected.is_met_by(&answer), &problem);
        answer
    }

    /// Notes a row that is more than one request.
    pub(crate) fn check(&mut self, name: &str, holds: bool, problem: &str) {
        if let Some((group, rows)) = self.groups.last_mut() {
            *rows += 1;
            if !holds {
                let problem: String = problem.chars().take(400).collect();
                self.failures.push(format!("{group}: {name}: {problem}"));
            }
        }
    }

    pub(crate) fn failures(&self) -> Vec<String> {
        self.failures.clone()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let total: usize = self.groups.iter().map(|(_, rows)| rows).sum();
        write!(f, "attacks and bad inputs: {total} rows, {} violations", self.failures.len())?;
        self.groups.iter().try_for_each(|(group, rows)| write!(f, "\n  {group}: {rows}"))?;
        self.measured.iter().try_for_each(|measured| write!(f, "\n  {measured}"))
    }
}
