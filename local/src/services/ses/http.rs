//! HTTP around the postbox: SES's API under `/v2`, pages for people beside it.

use axum::body::Body;
use axum::extract::{Path, State};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use bytes::Bytes;
use http::{StatusCode, header};
use serde_json::{Value, json};

use super::{Effect, MailCatcher, Rule};
use crate::services::ses::send_email::SendEmail;
use crate::services::ses::web_ui;
use stripe_sandbox::aborted_body::AbortedBody;

pub(super) fn router(postbox: MailCatcher) -> Router {
    Router::new()
        .route("/", get(list))
        .route("/emails", get(all))
        .route("/emails/{id}", get(one))
        .route("/emails/{id}/html", get(html))
        .route("/emails/{id}/message.eml", get(eml))
        .route("/behaviour", get(rules).post(add_rule).delete(clear_rules))
        .route("/v2/email/outbound-emails", post(send))
        .with_state(postbox)
}

/// `SendEmail`
async fn send(State(postbox): State<MailCatcher>, body: Bytes) -> Response {
    let effect = postbox.next_effect();
    match effect {
        Some(Effect::Throttle) => {
            return refusal(429, "TooManyRequestsException", "Maximum sending rate exceeded.");
        }
        Some(Effect::Fail) => return refusal(500, "InternalFailure", "The service failed."),
        Some(Effect::Reject) => return refusal(400, "MessageRejected", "Email address is not verified."),
        Some(Effect::DropResponse) | None => {}
    }
    let Ok(request) = serde_json::from_slice::<SendEmail>(&body) else {
        return refusal(400, "BadRequestException", "The request is not understood.");
    };
    let Some(email) = request.accept() else {
        return refusal(400, "BadRequestException", "Missing or invalid address.");
    };
    let answer = Json(json!({ "MessageId": email.id }));
    match postbox.keep(email) {
        Err(_) => refusal(500, "InternalFailure", "The e-mail cannot be kept."),
        Ok(()) if effect == Some(Effect::DropResponse) => Response::new(Body::new(AbortedBody)),
        Ok(()) => answer.into_response(),
    }
}

fn refusal(status: u16, kind: &'static str, message: &str) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    (status, [("x-amzn-errortype", kind)], Json(json!({ "message": message }))).into_response()
}

/// `GET /`: the newest e-mails.
async fn list(State(postbox): State<MailCatcher>) -> Html<String> {
    Html(web_ui::list(&postbox.sent()))
}

/// `GET /emails`: all of them, as JSON.
async fn all(State(postbox): State<MailCatcher>) -> Json<Value> {
    Json(json!({ "emails": postbox.sent() }))
}

/// `GET /emails/{id}`: one of them in both forms.
async fn one(State(postbox): State<MailCatcher>, Path(id): Path<String>) -> Result<Html<String>, StatusCode> {
    Ok(Html(web_ui::one(&postbox.find(&id).ok_or(StatusCode::NOT_FOUND)?)))
}

/// `GET /emails/{id}/html`: its form in HTML alone, which may do nothing and load nothing.
async fn html(State(postbox): State<MailCatcher>, Path(id): Path<String>) -> Result<Response, StatusCode> {
    let email = postbox.find(&id).ok_or(StatusCode::NOT_FOUND)?;
    let policy = "sandbox allow-popups; default-src 'none'; style-src 'unsafe-inline'";
    Ok(([(header::CONTENT_SECURITY_POLICY, policy)], Html(email.html)).into_response())
}

/// `GET /emails/{id}/message.eml`: the file that mail programs open.
async fn eml(State(postbox): State<MailCatcher>, Path(id): Path<String>) -> Result<Response, StatusCode> {
    let email = postbox.find(&id).ok_or(StatusCode::NOT_FOUND)?;
    Ok(([(header::CONTENT_TYPE, "message/rfc822")], email.to_eml()).into_response())
}

/// `GET /behaviour`: the rules, with how often each may strike yet.
async fn rules(State(postbox): State<MailCatcher>) -> Json<Value> {
    Json(json!({ "rules": postbox.rules() }))
}

/// `POST /behaviour`: one rule more.
async fn add_rule(State(postbox): State<MailCatcher>, body: Bytes) -> (StatusCode, Json<Value>) {
    match serde_json::from_slice::<Rule>(&body) {
        Ok(rule) => {
            postbox.add_fault_rule(rule);
            (StatusCode::CREATED, Json(json!({ "rules": postbox.rules() })))
        }
        Err(reason) => {
            let message = format!("This is not a rule: {reason}");
            (StatusCode::BAD_REQUEST, Json(json!({ "error": { "message": message } })))
        }
    }
}

/// `DELETE /behaviour`: no rules at all.
async fn clear_rules(State(postbox): State<MailCatcher>) -> StatusCode {
    postbox.clear_fault_rules();
    StatusCode::NO_CONTENT
}
