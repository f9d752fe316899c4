//! `GET /v1/payment_intents/search` (<https://docs.stripe.com/search#search-query-language>).
//!
//! Supported are exact matches of metadata and status, each negated by a leading `-`, joined by a space or
//! `AND`.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{expand, limit};
use crate::error::StripeError;
use crate::form::Form;
use crate::intent::PaymentIntent;
use crate::store::PaymentStore;
use crate::stripe_json;
use crate::stripe_json::Expand;

/// Search for intents.
pub(crate) struct SearchIntents {
    clauses: Vec<Clause>,
    limit: usize,
    skip: usize,
    expand: Expand,
}

#[derive(Debug, PartialEq, Eq)]
struct Clause {
    negated: bool,
    field: Field,
    value: String,
}

#[derive(Debug, PartialEq, Eq)]
enum Field {
    Status,
    Metadata(String),
}

impl SearchIntents {
    pub(crate) fn parse(mut form: Form) -> Result<Self, StripeError> {
        let clauses = clauses(&form.required("query")?)?;
        let skip = match form.text("page")? {
            None => 0,
            Some(page) => page.strip_prefix("page_").and_then(|skip| skip.parse().ok()).ok_or_else(|| {
                StripeError::invalid("Invalid page: use `next_page` of the previous page.").param("page")
            })?,
        };
        let search = Self {
            clauses,
            skip,
            limit: limit(&mut form)?,
            expand: expand(&mut form, "data.latest_charge")?,
        };
        form.finish()?;
        Ok(search)
    }

    pub(super) fn read(&self, store: &PaymentStore, now: Timestamp, lag: Duration) -> Value {
        let newest = store.intents_before(now, lag).rev();
        let mut found =
            newest.filter(|intent| self.clauses.iter().all(|clause| clause.matches(intent))).skip(self.skip);
        let page = found.by_ref().take(self.limit);
        let data: Vec<_> = page.map(|intent| stripe_json::payment_intent(intent, self.expand)).collect();
        let has_more = found.next().is_some();
        json!({
            "object": "search_result",
            "url": "/v1/payment_intents/search",
            "has_more": has_more,
            "next_page": has_more.then(|| format!("page_{}", self.skip + self.limit)),
            "data": data,
        })
    }
}

impl Clause {
    fn matches(&self, intent: &PaymentIntent) -> bool {
        let matches = match &self.field {
            Field::Status => intent.status.as_str() == self.value,
            Field::Metadata(key) => intent.metadata.get(key) == Some(&self.value),
        };
        matches != self.negated
    }
}

fn clauses(query: &str) -> Result<Vec<Clause>, StripeError> {
    let mut rest = query.trim();
    let mut clauses = Vec::new();
    while !rest.is_empty() {
        let (parsed, after) = clause(rest).ok_or_else(|| unsupported(rest))?;
        clauses.push(parsed);
        let trimmed = after.trim_start();
        if !trimmed.is_empty() && trimmed.len() == after.len() {
            return Err(unsupported(after));
        }
        rest = match trimmed.split_once(char::is_whitespace) {
            Some((and, more)) if and.eq_ignore_ascii_case("and") && !more.trim().is_empty() => {
                more.trim_start()
            }
            _ => trimmed,
        };
    }
    if clauses.is_empty() { Err(unsupported(query)) } else { Ok(clauses) }
}

/// Parses the first clause of `text`, and returns it with the rest.
fn clause(text: &str) -> Option<(Clause, &str)> {
    let (negated, text) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
    let (field, text) = if let Some(rest) = text.strip_prefix("status") {
        (Field::Status, rest)
    } else {
        let (key, rest) = quoted(text.strip_prefix("metadata[")?)?;
        (Field::Metadata(key), rest.strip_prefix(']')?)
    };
    let (value, rest) = quoted(text.strip_prefix(':')?)?;
    Some((Clause { negated, field, value }, rest))
}

/// Parses a string in single or double quotes, in which `\` escapes the next character.
fn quoted(text: &str) -> Option<(String, &str)> {
    let quote = text.chars().next().filter(|first| matches!(first, '\'' | '"'))?;
    let mut value = String::new();
    let mut characters = text.char_indices().skip(1);
    while let Some((at, character)) = characters.next() {
        match character {
            '\\' => value.push(characters.next()?.1),
            end if end == quote => return Some((value, &text[at + 1..])),
            other => value.push(other),
        }
    }
    None
}

fn unsupported(at: &str) -> StripeError {
    let message = format!(
        "We were unable to parse your search query at '{at}'. The sandbox supports metadata['key']:'value' and \
         status:'value', joined by AND."
    );
    StripeError::invalid(message).param("query")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn metadata(key: &str, value: &str) -> Clause {
        Clause { negated: false, field: Field::Metadata(key.to_owned()), value: value.to_owned() }
    }

    #[test]
    fn clauses_are_joined_by_and_or_by_a_space() {
        let status = |negated| Clause { negated, field: Field::Status, value: "succeeded".to_owned() };
        assert_eq!(clauses("metadata['order_id']:'ord_1'").unwrap(), [metadata("order_id", "ord_1")]);
        let both = "metadata[\"a\"]:\"x y\" AND status:'succeeded'";
        assert_eq!(clauses(both).unwrap(), [metadata("a", "x y"), status(false)]);
        assert_eq!(
            clauses("-status:'succeeded'  metadata['a']:'b'").unwrap(),
            [status(true), metadata("a", "b")]
        );
        assert_eq!(clauses(r"metadata['a']:'it\'s'").unwrap(), [metadata("a", "it's")]);
    }

    #[test]
    fn unsupported_queries_are_refused() {
        for query in [
            "",
            "amount>100",
            "status:succeeded",
            "status:'x' OR status:'y'",
            "metadata['a']:'b",
            "status:'x'status:'y'",
            "status:'x' AND",
            "metadata[a]:'b'",
        ] {
            assert!(clauses(query).is_err(), "{query}");
        }
    }
}
