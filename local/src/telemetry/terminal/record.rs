//! Log record of a function, and its lines on the terminal.

use std::borrow::Cow;
use std::fmt::Write as _;

use anstyle::Style;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::{CYAN, DIM, GREEN, RED, YELLOW};

/// Indentation of the lines that belong to a record: the width of the column with the time.
const INDENT: usize = 14;

/// Fields that are not shown as `name=value`: they have a column or a line of their own, are the same in
/// every record, or are useful only to tools.
const OMITTED_FIELDS: [&str; 14] = [
    "backtrace",
    "causes",
    "correlationId",
    "error",
    "eventId",
    "location",
    "messageId",
    "method",
    "name",
    "requestId",
    "route",
    "service",
    "stage",
    "xrayTraceId",
];

/// Log record of a function.
#[derive(Debug, Deserialize)]
pub(super) struct Record {
    timestamp: String,
    level: String,
    function: String,
    message: String,
    #[serde(flatten)]
    fields: Map<String, Value>,
}

impl Record {
    /// Parses a line; `None` if it is not a log record.
    pub(super) fn parse(line: &str) -> Option<Self> {
        serde_json::from_str(line).ok()
    }

    /// Returns true for the access log of a request whose status is below 500.
    pub(super) fn is_access_log_below_500(&self) -> bool {
        self.is_access_log() && self.number("status") < Some(500)
    }

    /// Returns true for the report of an instance that has shut down in time.
    pub(super) fn is_clean_shutdown(&self) -> bool {
        self.message == "shutting down" && self.fields.get("inTime") == Some(&Value::Bool(true))
    }

    /// Text of a field, if it is set. Control characters are escaped, because some fields contain what a
    /// caller sent.
    pub(super) fn text(&self, field: &str) -> Option<Cow<'_, str>> {
        match self.fields.get(field)? {
            Value::Null => None,
            Value::String(text) if text.is_empty() => None,
            Value::String(text) => Some(printable(text)),
            other => Some(other.to_string().into()),
        }
    }

    /// Renders the record as one line, followed by indented lines about its error.
    pub(super) fn render(&self) -> String {
        let (style, columns) = if self.is_access_log() {
            (None, self.request_columns())
        } else if self.message == "message" && self.fields.contains_key("outcome") {
            (None, self.message_columns())
        } else {
            self.other_columns()
        };
        let columns = match style {
            Some(style) => format!("{style}{columns}{style:#}"),
            None => columns,
        };
        let time = self.timestamp.get(11..23).unwrap_or(&self.timestamp);
        let function = printable(&self.function);
        let mut text = format!("{DIM}{time}{DIM:#}  {CYAN}{function:<19}{CYAN:#}  {columns}");
        self.write_error(&mut text);
        text
    }

    fn is_access_log(&self) -> bool {
        self.message == "request" && self.fields.contains_key("status")
    }

    /// Method, route, status, duration, correlation id; then the error code, and `cold start`.
    fn request_columns(&self) -> String {
        let style = match self.number("status") {
            Some(..400) => GREEN,
            Some(400..500) => YELLOW,
            _ => RED,
        };
        let code = self.text("code").unwrap_or_default();
        let cold_start =
            if self.fields.get("coldStart") == Some(&Value::Bool(true)) { "cold start" } else { "" };
        let columns = [self.column("method"), self.column("route"), self.column("status")];
        self.columns(&columns, style, &[&code, cold_start])
    }

    /// `message`, message id, outcome, duration, correlation id; then the number of a repeated attempt, and
    /// the reason of the outcome.
    fn message_columns(&self) -> String {
        let style = match self.column("outcome").as_ref() {
            "done" => GREEN,
            "dead_lettered" => RED,
            _ => YELLOW,
        };
        let attempt = self.number("attempt").filter(|attempt| *attempt > 1);
        let attempt = attempt.map(|attempt| format!("attempt {attempt}")).unwrap_or_default();
        let reason = self.text("reason").unwrap_or_default();
        let columns = ["message".into(), self.column("messageId"), self.column("outcome")];
        self.columns(&columns, style, &[&attempt, &reason])
    }

    fn columns(&self, [kind, subject, result]: &[Cow<'_, str>; 3], style: Style, remarks: &[&str]) -> String {
        let (duration, correlation) = (self.column("durationMs"), self.column("correlationId"));
        let mut text = format!(
            "{kind:<7}  {subject:<36}  {style}{result:<8}{style:#}  {duration:>5} ms  {DIM}{correlation}{DIM:#}"
        );
        for remark in remarks.iter().filter(|remark| !remark.is_empty()) {
            let _ = write!(text, "  {style}{remark}{style:#}");
        }
        text
    }

    /// Level, message, fields, correlation id.
    fn other_columns(&self) -> (Option<Style>, String) {
        let style = match self.level.as_str() {
            "ERROR" => Some(RED),
            "WARN" => Some(YELLOW),
            "INFO" => None,
            _ => Some(DIM),
        };
        let mut text = format!("{:<7}  {}", self.level, printable(&self.message));
        for name in self.fields.keys().filter(|name| !OMITTED_FIELDS.contains(&name.as_str())) {
            if let Some(value) = self.text(name) {
                let _ = write!(text, "  {name}={value}");
            }
        }
        if let Some(correlation) = self.text("correlationId") {
            let _ = write!(text, "  {correlation}");
        }
        (style, text)
    }

    /// Error with its causes; for a panic also its location and backtrace.
    fn write_error(&self, text: &mut String) {
        let prefixes = [("error", ""), ("causes", "caused by: "), ("location", "at "), ("backtrace", "")];
        for (field, prefix) in prefixes {
            // Lines are separated before control characters are escaped.
            let value = self.fields.get(field).and_then(Value::as_str).unwrap_or_default();
            for line in value.lines().filter(|line| !line.trim().is_empty()) {
                let line = printable(line);
                let _ = write!(text, "\n{:INDENT$}{prefix}{line}", "");
            }
        }
    }

    /// Text of a field; empty if it is absent.
    fn column(&self, field: &str) -> Cow<'_, str> {
        self.text(field).unwrap_or_default()
    }

    fn number(&self, field: &str) -> Option<u64> {
        self.fields.get(field)?.as_u64()
    }
}

/// The text with control characters escaped, so that it cannot control the terminal.
fn printable(text: &str) -> Cow<'_, str> {
    if !text.contains(char::is_control) {
        return text.into();
    }
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_control() {
            escaped.extend(character.escape_default());
        } else {
            escaped.push(character);
        }
    }
    escaped.into()
}
