//! HTTP endpoints for fault rules, fees and the ledger.

use axum::Json;
use axum::extract::State;
use bytes::Bytes;
use http::StatusCode;
use serde_json::{Value, json};

use crate::Sandbox;
use crate::fault_rules::Rule;
use crate::ledger::Ledger;
use crate::terms::Terms;

/// `GET /sandbox/ledger`: all payment intents and refunds.
pub(super) async fn ledger(State(sandbox): State<Sandbox>) -> Json<Ledger> {
    Json(sandbox.ledger())
}

/// `GET /sandbox/terms`: fees, and the time until funds are available.
pub(super) async fn terms(State(sandbox): State<Sandbox>) -> Json<Terms> {
    Json(sandbox.terms())
}

/// `PUT /sandbox/terms`: sets them. Members that are absent have their default.
pub(super) async fn set_terms(State(sandbox): State<Sandbox>, body: Bytes) -> (StatusCode, Json<Value>) {
    match serde_json::from_slice::<Terms>(&body) {
        Ok(terms) => {
            sandbox.set_terms(terms);
            (StatusCode::OK, Json(json!(terms)))
        }
        Err(reason) => invalid(&format!("invalid terms: {reason}")),
    }
}

fn invalid(message: &str) -> (StatusCode, Json<Value>) {
    (StatusCode::BAD_REQUEST, Json(json!({ "error": { "message": message } })))
}

/// `GET /sandbox/behaviour`: fault rules with the number of matching calls and of calls that they were
/// applied to.
pub(super) async fn rules(State(sandbox): State<Sandbox>) -> Json<Value> {
    Json(rules_json(&sandbox))
}

/// `POST /sandbox/behaviour`: adds a fault rule.
pub(super) async fn add_rule(State(sandbox): State<Sandbox>, body: Bytes) -> (StatusCode, Json<Value>) {
    match serde_json::from_slice::<Rule>(&body) {
        Ok(rule) => {
            sandbox.add_fault_rule(rule);
            (StatusCode::CREATED, Json(rules_json(&sandbox)))
        }
        Err(reason) => invalid(&format!("invalid fault rule: {reason}")),
    }
}

/// `DELETE /sandbox/behaviour`: removes all fault rules.
pub(super) async fn clear_rules(State(sandbox): State<Sandbox>) -> StatusCode {
    sandbox.clear_fault_rules();
    StatusCode::NO_CONTENT
}

fn rules_json(sandbox: &Sandbox) -> Value {
    let state = sandbox.lock();
    let rules = state
        .rules
        .iter()
        .map(|(rule, matched, applied)| json!({ "rule": rule, "seen": matched, "applied": applied }));
    json!({ "rules": rules.collect::<Vec<_>>() })
}
