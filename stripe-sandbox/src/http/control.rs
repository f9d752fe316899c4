//! The rules and the ledger over HTTP.

use axum::Json;
use axum::extract::State;
use bytes::Bytes;
use http::StatusCode;
use serde_json::{Value, json};

use crate::Sandbox;
use crate::fault_rules::Rule;
use crate::ledger::Ledger;

/// `GET /sandbox/ledger`
pub(super) async fn ledger(State(sandbox): State<Sandbox>) -> Json<Ledger> {
    Json(sandbox.ledger())
}

/// `GET /sandbox/behaviour`: the rules, with how many calls each has seen and changed.
pub(super) async fn rules(State(sandbox): State<Sandbox>) -> Json<Value> {
    Json(shown(&sandbox))
}

/// `POST /sandbox/behaviour`: one rule more.
pub(super) async fn add_rule(State(sandbox): State<Sandbox>, body: Bytes) -> (StatusCode, Json<Value>) {
    match serde_json::from_slice::<Rule>(&body) {
        Ok(rule) => {
            sandbox.add_fault_rule(rule);
            (StatusCode::CREATED, Json(shown(&sandbox)))
        }
        Err(reason) => {
            let message = format!("This is not a rule: {reason}");
            (StatusCode::BAD_REQUEST, Json(json!({ "error": { "message": message } })))
        }
    }
}

/// `DELETE /sandbox/behaviour`: no rules at all.
pub(super) async fn clear_rules(State(sandbox): State<Sandbox>) -> StatusCode {
    sandbox.clear_fault_rules();
    StatusCode::NO_CONTENT
}

fn shown(sandbox: &Sandbox) -> Value {
    let state = sandbox.lock();
    let rules = state
        .rules
        .iter()
        .map(|(rule, seen, applied)| json!({ "rule": rule, "seen": seen, "applied": applied }));
    json!({ "rules": rules.collect::<Vec<_>>() })
}
