//! Bugs planted on purpose: each makes of the calls what the code would send if a guard were missing from it.

use bytes::Bytes;
use http::Request;
use serde_json::Value;

use crate::network::{Broken, Reply, Served, Service};

/// A bug.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SeededBug {
    /// Requests leave no receipt.
    NoReceipt,
    /// Orders are written without regard to their version.
    NoVersion,
    /// Every call for a charge has a key of its own.
    FreshChargeKey,
    /// Every call for a refund has a key of its own.
    FreshRefundKey,
    /// An order that is called off keeps its pieces.
    NothingReleased,
    /// Stock is moved without regard to how much there is.
    Oversell,
    /// Where the gateway does not answer, the charge is taken to be made.
    GuessCaptured,
    /// An event is not stored with what caused it.
    LostEvent,
    /// What a queue did not take counts as sent.
    IgnoredFailure,
}

impl SeededBug {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::NoReceipt,
        Self::NoVersion,
        Self::FreshChargeKey,
        Self::FreshRefundKey,
        Self::NothingReleased,
        Self::Oversell,
        Self::GuessCaptured,
        Self::LostEvent,
        Self::IgnoredFailure,
    ];

    /// Its name on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::NoReceipt => "no-receipt",
            Self::NoVersion => "no-version",
            Self::FreshChargeKey => "fresh-charge-key",
            Self::FreshRefundKey => "fresh-refund-key",
            Self::NothingReleased => "nothing-released",
            Self::Oversell => "oversell",
            Self::GuessCaptured => "guess-captured",
            Self::LostEvent => "lost-event",
            Self::IgnoredFailure => "ignored-failure",
        }
    }

    /// The violations one of which it must lead to, at least.
    #[must_use]
    pub const fn symptoms(self) -> &'static [&'static str] {
        match self {
            Self::NoReceipt => &["orders under one key"],
            Self::NoVersion => &["written twice"],
            Self::FreshChargeKey => &["was captured 2 times"],
            Self::FreshRefundKey => &["refunded, as the gateway says"],
            Self::NothingReleased => &["its stock says"],
            Self::Oversell => &["negative"],
            // The order keeps money that is not there, or owes it.
            Self::GuessCaptured => &["captured", "does not get on: \"refunding\""],
            Self::LostEvent => &["has no event"],
            Self::IgnoredFailure => &["never reached"],
        }
    }

    /// The request as the bug has it; `number` tells calls apart.
    pub fn rewrite(self, service: Service, number: u64, request: &mut Request<Bytes>, body: &mut Value) {
        let path = request.uri().path().to_owned();
        match (self, service) {
            (Self::FreshChargeKey, Service::Gateway) if path == "/v1/payment_intents" => {
                freshen(request, number);
            }
            (Self::FreshRefundKey, Service::Gateway) if path == "/v1/refunds" => freshen(request, number),
            (_, Service::Table) => self.rewrite_transaction(body),
            _ => {}
        }
    }

    fn rewrite_transaction(self, body: &mut Value) {
        let Some(items) = body["TransactItems"].as_array_mut() else { return };
        match self {
            Self::NoReceipt => items.retain(|item| put(item, "kind") != "receipt"),
            Self::NoVersion => unguard(items, |item| put(item, "kind") == "order"),
            Self::LostEvent => items.retain(|item| put(item, "event") != "order.confirmed"),
            Self::Oversell => drop_condition(items),
            Self::NothingReleased => {
                let over = ["cancelled", "rejected", "expired"];
                if items.iter().any(|item| over.contains(&put(item, "status"))) {
                    items.retain(|item| item.get("Update").is_none());
                }
            }
            _ => {}
        }
    }

    /// The answer as the bug has it.
    pub(crate) fn misread(self, service: Service, request: &Request<Bytes>, reply: Reply) -> Reply {
        match (self, service, &reply) {
            (Self::GuessCaptured, Service::Gateway, Err(Broken::NotSent | Broken::CutOff))
                if request.uri().path() == "/v1/payment_intents" =>
            {
                let form = String::from_utf8_lossy(request.body()).into_owned();
                let amount = form.split('&').find_map(|field| field.strip_prefix("amount="));
                let amount = amount.unwrap_or("0");
                let body = format!(r#"{{"id":"pi_guess","status":"succeeded","amount_received":{amount}}}"#);
                Ok((200, body.into()).into())
            }
            (Self::IgnoredFailure, Service::Queues, Ok(Served { status, body, .. })) => {
                let mut answer: Value = serde_json::from_slice(body).unwrap_or_default();
                if answer.get("Failed").is_some() {
                    answer["Failed"] = Value::Array(Vec::new());
                }
                Ok((*status, answer.to_string().into()).into())
            }
            _ => reply,
        }
    }
}

fn put<'a>(item: &'a Value, attribute: &str) -> &'a str {
    item["Put"]["Item"][attribute]["S"].as_str().unwrap_or_default()
}

fn unguard(items: &mut [Value], concerns: impl Fn(&Value) -> bool) {
    for item in items.iter_mut().filter(|item| concerns(item)) {
        for part in ["ConditionExpression", "ExpressionAttributeNames", "ExpressionAttributeValues"] {
            item["Put"].as_object_mut().map(|put| put.remove(part));
        }
    }
}

/// Every counter moves, whatever it stands at.
fn drop_condition(items: &mut [Value]) {
    for item in items {
        if let Some(Value::String(condition)) = item.pointer_mut("/Update/ConditionExpression") {
            *condition = format!("{condition} OR attribute_exists(pk)");
        }
    }
}

fn freshen(request: &mut Request<Bytes>, number: u64) {
    if let Ok(key) = format!("fresh-{number}").parse() {
        request.headers_mut().insert("idempotency-key", key);
    }
}
