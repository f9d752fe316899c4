//! Bugs that lose events or corrupt projections.

use local::faults::{RequestMutation, Service};
use serde_json::{Value, json};

use super::{SeededBug, bypass_conditions, change_numbers, drop_items, items, kind, sort_key};
use crate::audit::Invariant;

const ANALYTICS: &str = "queue-analytics";
const INDEX: &str = "queue-search-index";
const EMAILS: &str = "queue-emails";

/// A bug in the requests of a function to the table.
macro_rules! bug {
    ($name:literal, $function:expr, $description:literal, $test:literal, $delayed:expr, $rewrite:expr) => {
        SeededBug {
            name: $name,
            invariant: Invariant::Outbox,
            description: $description,
            detected_by: $test,
            delayed_function: $delayed,
            mutation: || {
                let rewrite: fn(&mut Value) = $rewrite;
                RequestMutation::new($function, Service::DynamoDb, move |_, body| rewrite(body))
            },
        }
    };
}

fn is_term_entry(item: &Value) -> bool {
    let keys = [&item["Put"]["Item"], &item["Delete"]["Key"]];
    keys.iter().any(|key| key["pk"]["S"].as_str().is_some_and(|pk| pk.starts_with("term#")))
}

pub(super) const BUGS: &[SeededBug] = &[
    bug!("event-not-written", "api-orders", "an order is placed without its event", "trade", None, |body| {
        drop_items(body, |item| kind(item) == "outbox-event");
    }),
    bug!("version-skipped", "queue-fulfilment", "an order skips a version", "trade", None, |body| {
        for item in items(body).filter(|item| kind(item) == "order") {
            let version = &mut item["Put"]["Item"]["version"]["N"];
            let next: i64 = version.as_str().and_then(|text| text.parse().ok()).unwrap_or_default();
            *version = json!((next + 1).to_string());
        }
    }),
    SeededBug {
        name: "event-lost-in-relay",
        invariant: Invariant::Outbox,
        description: "only the first event of a batch is sent",
        detected_by: "trade",
        delayed_function: None,
        mutation: || {
            RequestMutation::new("stream-outbox-relay", Service::Sqs, |_, body| {
                if let Some(entries) = body.get_mut("Entries").and_then(Value::as_array_mut) {
                    entries.truncate(1);
                }
            })
        },
    },
    SeededBug {
        name: "event-not-logged",
        invariant: Invariant::Outbox,
        description: "published events are removed from the outbox without being logged",
        detected_by: "trade",
        delayed_function: None,
        mutation: || {
            RequestMutation::new("stream-outbox-relay", Service::DynamoDb, |_, body| {
                let tables = body["RequestItems"].as_object_mut().into_iter().flatten();
                for request in tables.filter_map(|(_, requests)| requests.as_array_mut()).flatten() {
                    // A request without items would be refused, and the relay would retry.
                    let item = &request["PutRequest"]["Item"];
                    if item.is_object() {
                        let key = json!({ "pk": item["pk"], "sk": item["sk"] });
                        *request = json!({ "DeleteRequest": { "Key": key } });
                    }
                }
            })
        },
    },
    bug!(
        "unsubscribed-event-not-logged",
        "queue-fulfilment",
        "an event without subscribers is not stored in the log",
        "trade",
        None,
        |body| drop_items(body, |item| kind(item) == "logged-event")
    ),
    bug!(
        "tally-without-version",
        ANALYTICS,
        "a tally is written without a version check",
        "duplicates",
        Some(ANALYTICS),
        |body| {
            bypass_conditions(body, |item| kind(item) == "tally");
        }
    ),
    bug!(
        "tally-without-counted-version",
        ANALYTICS,
        "a tally does not record the version up to which it counted",
        "trade",
        None,
        |body| {
            for item in items(body).filter(|item| kind(item) == "tally") {
                item["Put"]["Item"]["counted"] = json!({ "M": { "at": { "N": "1" } } });
            }
        }
    ),
    bug!(
        "list-total-doubled",
        ANALYTICS,
        "list totals change by twice the difference",
        "trade",
        None,
        |body| {
            for update in
                items(body).filter(|item| sort_key(item) == "total").filter_map(|item| item.get_mut("Update"))
            {
                change_numbers(update, |by| 2 * by);
            }
        }
    ),
    bug!("sales-not-counted", ANALYTICS, "daily sales are not updated", "trade", None, |body| {
        drop_items(body, |item| sort_key(item).starts_with("sales#"));
    }),
    bug!(
        "stale-term-entry-kept",
        INDEX,
        "a document is still found by its former name",
        "trade",
        None,
        |body| {
            drop_items(body, |item| item.get("Delete").is_some() && is_term_entry(item));
        }
    ),
    bug!("term-entry-missing", INDEX, "a document is not found by its name", "trade", None, |body| {
        drop_items(body, |item| item.get("Put").is_some() && is_term_entry(item));
    }),
    bug!(
        "email-dispatch-ignored",
        EMAILS,
        "an e-mail is sent without reading its dispatch record",
        "duplicates",
        None,
        |body| {
            // The allowance would suppress the second e-mail.
            bypass_conditions(body, |item| ["dispatch", "email-allowance"].contains(&kind(item)));
            let tables = body.get_mut("RequestItems").and_then(Value::as_object_mut);
            let keys = tables.into_iter().flat_map(|tables| tables.values_mut());
            for key in keys.filter_map(|table| table["Keys"].as_array_mut()).flatten() {
                let read = key["pk"]["S"].as_str();
                if read.is_some_and(|pk| pk.starts_with("dispatch#") || pk.starts_with("email-allowance#")) {
                    key["pk"]["S"] = json!(format!("{}nowhere", key["pk"]["S"].as_str().unwrap_or_default()));
                }
            }
        }
    ),
];
