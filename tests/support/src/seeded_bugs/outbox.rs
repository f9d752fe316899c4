//! Bugs that lose events, or count what they tell wrongly.

use local::faults::{RequestMutation, Service};
use serde_json::{Value, json};

use super::{SeededBug, change_numbers, disarm_items, drop_items, items, kind, place};
use crate::audit::Invariant;

const ANALYTICS: &str = "queue-analytics";
const INDEX: &str = "queue-search-index";
const EMAILS: &str = "queue-emails";

/// A bug in what a function writes to the table.
macro_rules! bug {
    ($name:literal, $function:expr, $says:literal, $shown_by:literal, $slowed:expr, $rewrite:expr) => {
        SeededBug {
            name: $name,
            invariant: Invariant::Outbox,
            description: $says,
            shown_by: $shown_by,
            slowed: $slowed,
            mutation: || {
                let rewrite: fn(&mut Value) = $rewrite;
                RequestMutation::new($function, Service::DynamoDb, move |_, body| rewrite(body))
            },
        }
    };
}

fn is_posting(item: &Value) -> bool {
    let keys = [&item["Put"]["Item"], &item["Delete"]["Key"]];
    keys.iter().any(|key| key["pk"]["S"].as_str().is_some_and(|pk| pk.starts_with("term#")))
}

pub(super) const BUGS: &[SeededBug] = &[
    bug!("event-not-written", "api-orders", "an order is placed without its event", "trade", None, |body| {
        drop_items(body, |item| kind(item) == "outbox-event");
    }),
    bug!("version-skipped", "queue-fulfilment", "a version of an order is left out", "trade", None, |body| {
        for item in items(body).filter(|item| kind(item) == "order") {
            let version = &mut item["Put"]["Item"]["version"]["N"];
            let next: i64 = version.as_str().and_then(|text| text.parse().ok()).unwrap_or_default();
            *version = json!((next + 1).to_string());
        }
    }),
    SeededBug {
        name: "event-lost-on-the-way",
        invariant: Invariant::Outbox,
        description: "of the events that are sent together, only the first is sent",
        shown_by: "trade",
        slowed: None,
        mutation: || {
            RequestMutation::new("stream-outbox-relay", Service::Sqs, |_, body| {
                if let Some(entries) = body.get_mut("Entries").and_then(Value::as_array_mut) {
                    entries.truncate(1);
                }
            })
        },
    },
    bug!(
        "tally-without-version",
        ANALYTICS,
        "a tally is written whoever wrote it meanwhile",
        "duplicates",
        Some(ANALYTICS),
        |body| {
            disarm_items(body, |item| kind(item) == "tally");
        }
    ),
    bug!(
        "tally-says-less",
        ANALYTICS,
        "a tally does not say up to where was counted",
        "trade",
        None,
        |body| {
            for item in items(body).filter(|item| kind(item) == "tally") {
                item["Put"]["Item"]["counted"] = json!({ "M": { "at": { "N": "1" } } });
            }
        }
    ),
    bug!(
        "list-counted-twice",
        ANALYTICS,
        "lengths of lists move by twice the difference",
        "trade",
        None,
        |body| {
            for update in
                items(body).filter(|item| place(item) == "total").filter_map(|item| item.get_mut("Update"))
            {
                change_numbers(update, |by| 2 * by);
            }
        }
    ),
    bug!("sales-not-counted", ANALYTICS, "what is sold on a day is left out", "trade", None, |body| {
        drop_items(body, |item| place(item).starts_with("sales#"));
    }),
    bug!(
        "posting-left-behind",
        INDEX,
        "a document is still found under its former name",
        "trade",
        None,
        |body| {
            drop_items(body, |item| item.get("Delete").is_some() && is_posting(item));
        }
    ),
    bug!("posting-forgotten", INDEX, "a document is not found under its name", "trade", None, |body| {
        drop_items(body, |item| item.get("Put").is_some() && is_posting(item));
    }),
    bug!(
        "email-not-remembered",
        EMAILS,
        "that an e-mail is being sent is not looked up",
        "duplicates",
        None,
        |body| {
            disarm_items(body, |item| kind(item) == "dispatch");
            let tables = body.get_mut("RequestItems").and_then(Value::as_object_mut);
            let keys = tables.into_iter().flat_map(|tables| tables.values_mut());
            for key in keys.filter_map(|table| table["Keys"].as_array_mut()).flatten() {
                if key["pk"]["S"].as_str().is_some_and(|pk| pk.starts_with("dispatch#")) {
                    key["pk"]["S"] = json!("dispatch#nowhere");
                }
            }
        }
    ),
];
