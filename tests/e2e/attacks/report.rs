//! Rows of attacks and their results.

use std::fmt;

use test_support::app::{RequestBuilder, TestResponse};

/// Expected response of a row.
#[derive(Debug, Clone)]
pub(crate) struct Expected {
    status: u16,
    code: &'static str,
    field: Option<String>,
}

/// Expects an error with this status and code.
pub(crate) const fn refused(status: u16, code: &'static str) -> Expected {
    Expected { status, code, field: None }
}

/// Expects a success with this status.
pub(crate) const fn done(status: u16) -> Expected {
    refused(status, "")
}

/// Expects a validation error of this field.
pub(crate) fn invalid(field: &str) -> Expected {
    Expected { field: Some(field.to_owned()), ..refused(400, "VALIDATION_ERROR") }
}

impl Expected {
    fn is_met_by(&self, response: &TestResponse) -> bool {
        let error = &response.json()["error"];
        let named = self.field.as_ref().is_none_or(|field| error["fields"].get(field).is_some());
        response.status.as_u16() == self.status
            && error["code"].as_str().unwrap_or_default() == self.code
            && named
    }
}

/// Number of rows of each group, measurements and failures.
#[derive(Debug, Default)]
pub(crate) struct Report {
    groups: Vec<(&'static str, usize)>,
    measured: Vec<String>,
    failures: Vec<String>,
}

impl Report {
    /// Adds a measurement, to be printed with the report.
    pub(crate) fn measured(&mut self, measurement: String) {
        self.measured.push(measurement);
    }

    /// Starts a group of rows.
    pub(crate) fn begin(&mut self, group: &'static str) {
        self.groups.push((group, 0));
    }

    /// Sends a row and checks its response.
    pub(crate) async fn row(
        &mut self,
        name: &str,
        request: RequestBuilder<'_>,
        expected: Expected,
    ) -> TestResponse {
        let response = request.send().await;
        let problem = format!("expected {expected:?}, was {} {}", response.status, response.text);
        self.check(name, expected.is_met_by(&response), &problem);
        response
    }

    /// Records the result of a row.
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
        write!(f, "attacks and invalid inputs: {total} rows, {} violations", self.failures.len())?;
        self.groups.iter().try_for_each(|(group, rows)| write!(f, "\n  {group}: {rows}"))?;
        self.measured.iter().try_for_each(|measured| write!(f, "\n  {measured}"))
    }
}
