//! Seeded bugs: each rewrites requests or responses as if a safeguard were missing from the code.

use bytes::Bytes;
use clap::ValueEnum;
use http::Request;
use serde_json::{Value, json};

use crate::network::{NetworkError, Service, SimResponse, SimResult};

/// A seeded bug.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum SeededBug {
    /// Requests store no idempotency record.
    NoIdempotencyRecord,
    /// Orders are written without a version check.
    NoVersion,
    /// Each attempt of a charge has a new idempotency key.
    FreshChargeKey,
    /// Each attempt of a refund has a new idempotency key.
    FreshRefundKey,
    /// A cancelled, rejected or expired order keeps its reserved units.
    NothingReleased,
    /// Stock is reserved without checking what is available.
    Oversell,
    /// A charge without a response counts as captured.
    GuessCaptured,
    /// An event is not stored with its command.
    LostEvent,
    /// Published events are removed from the outbox without being logged.
    UnloggedEvent,
    /// An event without subscribers is not stored in the log.
    UnloggedProgress,
    /// Messages that a queue rejected count as sent.
    IgnoredFailure,
}

impl SeededBug {
    /// Texts of which a violation must contain at least one.
    #[must_use]
    pub const fn symptoms(self) -> &'static [&'static str] {
        match self {
            Self::NoIdempotencyRecord => &["orders under one key"],
            Self::NoVersion => &["written twice"],
            Self::FreshChargeKey => &["2 captures"],
            Self::FreshRefundKey => &["is made twice"],
            Self::NothingReleased => &["Stock {"],
            Self::Oversell => &["negative"],
            // The order counts money that was not captured, or tries to refund it.
            Self::GuessCaptured => &["captured", "is still refunding"],
            Self::LostEvent => &["has no event"],
            Self::UnloggedEvent | Self::UnloggedProgress => &["is logged 0 times"],
            Self::IgnoredFailure => &["never reached"],
        }
    }

    /// Rewrites a request; `number` identifies the call.
    pub fn rewrite(self, service: Service, number: u64, request: &mut Request<Bytes>, body: &mut Value) {
        let path = request.uri().path().to_owned();
        match (self, service) {
            (Self::FreshChargeKey, Service::Gateway) if path == "/v1/payment_intents" => {
                replace_key(request, number);
            }
            (Self::FreshRefundKey, Service::Gateway) if path == "/v1/refunds" => replace_key(request, number),
            (Self::UnloggedEvent, Service::Table) => replace_puts(body),
            (_, Service::Table) => self.rewrite_transaction(body),
            _ => {}
        }
    }

    fn rewrite_transaction(self, body: &mut Value) {
        let Some(items) = body["TransactItems"].as_array_mut() else { return };
        match self {
            Self::NoIdempotencyRecord => items.retain(|item| put(item, "kind") != "idempotency-record"),
            Self::NoVersion => remove_conditions(items, |item| put(item, "kind") == "order"),
            Self::LostEvent => items.retain(|item| put(item, "event") != "order.confirmed"),
            Self::UnloggedProgress => items.retain(|item| put(item, "kind") != "logged-event"),
            Self::Oversell => drop_condition(items),
            Self::NothingReleased => {
                let terminal = ["cancelled", "rejected", "expired"];
                if items.iter().any(|item| terminal.contains(&put(item, "status"))) {
                    items.retain(|item| item.get("Update").is_none());
                }
            }
            _ => {}
        }
    }

    /// Rewrites a response.
    pub(crate) fn rewrite_response(
        self,
        service: Service,
        request: &Request<Bytes>,
        result: SimResult,
    ) -> SimResult {
        match (self, service, &result) {
            (
                Self::GuessCaptured,
                Service::Gateway,
                Err(NetworkError::NotSent | NetworkError::Disconnected),
            ) if request.uri().path() == "/v1/payment_intents" => {
                let form = String::from_utf8_lossy(request.body()).into_owned();
                let amount = form.split('&').find_map(|field| field.strip_prefix("amount="));
                let amount = amount.unwrap_or("0");
                let body = format!(
                    r#"{{"id":"pi_guess","client_secret":"pi_guess_secret","status":"succeeded","amount_received":{amount}}}"#
                );
                Ok((200, body.into()).into())
            }
            (Self::IgnoredFailure, Service::Queues, Ok(SimResponse { status, body, .. })) => {
                let mut response: Value = serde_json::from_slice(body).unwrap_or_default();
                if response.get("Failed").is_some() {
                    response["Failed"] = Value::Array(Vec::new());
                }
                Ok((*status, response.to_string().into()).into())
            }
            _ => result,
        }
    }
}

fn put<'a>(item: &'a Value, attribute: &str) -> &'a str {
    item["Put"]["Item"][attribute]["S"].as_str().unwrap_or_default()
}

/// Replaces the puts of a batch write by deletions of the same keys, which do not exist. A request without items
/// would be refused.
fn replace_puts(body: &mut Value) {
    let tables = body["RequestItems"].as_object_mut().into_iter().flatten();
    for request in tables.filter_map(|(_, requests)| requests.as_array_mut()).flatten() {
        let item = &request["PutRequest"]["Item"];
        if item.is_object() {
            let key = json!({ "pk": item["pk"], "sk": item["sk"] });
            *request = json!({ "DeleteRequest": { "Key": key } });
        }
    }
}

fn remove_conditions(items: &mut [Value], matches: impl Fn(&Value) -> bool) {
    for item in items.iter_mut().filter(|item| matches(item)) {
        for part in ["ConditionExpression", "ExpressionAttributeNames", "ExpressionAttributeValues"] {
            item["Put"].as_object_mut().map(|put| put.remove(part));
        }
    }
}

/// Makes conditions on counters always true.
fn drop_condition(items: &mut [Value]) {
    for item in items {
        if let Some(Value::String(condition)) = item.pointer_mut("/Update/ConditionExpression") {
            *condition = format!("{condition} OR attribute_exists(pk)");
        }
    }
}

fn replace_key(request: &mut Request<Bytes>, number: u64) {
    if let Ok(key) = format!("fresh-{number}").parse() {
        request.headers_mut().insert("idempotency-key", key);
    }
}
