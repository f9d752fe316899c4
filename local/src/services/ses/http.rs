//! HTTP interface of the mail catcher: SES's API under `/v2`, web pages, and fault rules.

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

pub(super) fn router(mail_catcher: MailCatcher) -> Router {
    Router::new()
        .route("/", get(list))
        .route("/emails", get(all))
        .route("/emails/{id}", get(one))
        .route("/emails/{id}/html", get(html))
        .route("/emails/{id}/message.eml", get(eml))
        .route("/behaviour", get(rules).post(add_rule).delete(clear_rules))
        .route("/v2/email/outbound-emails", post(send))
        .with_state(mail_catcher)
}

/// `POST /v2/email/outbound-emails`: the operation `SendEmail`.
async fn send(State(mail_catcher): State<MailCatcher>, body: Bytes) -> Response {
    let effect = mail_catcher.next_effect();
    let too_many = |message| error_response(429, "TooManyRequestsException", message);
    match effect {
        Some(Effect::Throttle) => return too_many("Maximum sending rate exceeded."),
        Some(Effect::DailyQuota) => return too_many("Daily message quota exceeded."),
        Some(Effect::Pause) => {
            let message = "The account's ability to send email is currently paused.";
            return error_response(400, "SendingPausedException", message);
        }
        Some(Effect::Fail) => return error_response(500, "InternalFailure", "The service failed."),
        Some(Effect::Reject) => {
            return error_response(400, "MessageRejected", "Email address is not verified.");
        }
        Some(Effect::DropResponse) | None => {}
    }
    let Ok(request) = serde_json::from_slice::<SendEmail>(&body) else {
        return error_response(400, "BadRequestException", "The request body is not valid.");
    };
    let Some(email) = request.into_email() else {
        return error_response(400, "BadRequestException", "Missing or invalid address.");
    };
    if !mail_catcher.is_within_rate() {
        return too_many("Maximum sending rate exceeded.");
    }
    let response = Json(json!({ "MessageId": email.id }));
    match mail_catcher.store(email) {
        Err(_) => error_response(500, "InternalFailure", "The e-mail cannot be stored."),
        Ok(()) if effect == Some(Effect::DropResponse) => Response::new(Body::new(AbortedBody)),
        Ok(()) => response.into_response(),
    }
}

fn error_response(status: u16, kind: &'static str, message: &str) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    (status, [("x-amzn-errortype", kind)], Json(json!({ "message": message }))).into_response()
}

/// `GET /`: page with the newest e-mails.
async fn list(State(mail_catcher): State<MailCatcher>) -> Html<String> {
    Html(web_ui::list(&mail_catcher.sent()))
}

/// `GET /emails`: all e-mails as JSON.
async fn all(State(mail_catcher): State<MailCatcher>) -> Json<Value> {
    Json(json!({ "emails": mail_catcher.sent() }))
}

/// `GET /emails/{id}`: page of one e-mail.
async fn one(
    State(mail_catcher): State<MailCatcher>,
    Path(id): Path<String>,
) -> Result<Html<String>, StatusCode> {
    Ok(Html(web_ui::one(&mail_catcher.find(&id).ok_or(StatusCode::NOT_FOUND)?)))
}

/// `GET /emails/{id}/html`: the HTML body. The policy forbids scripts and external resources.
async fn html(
    State(mail_catcher): State<MailCatcher>,
    Path(id): Path<String>,
) -> Result<Response, StatusCode> {
    let email = mail_catcher.find(&id).ok_or(StatusCode::NOT_FOUND)?;
    let policy = "sandbox allow-popups; default-src 'none'; style-src 'unsafe-inline'";
    Ok(([(header::CONTENT_SECURITY_POLICY, policy)], Html(email.html)).into_response())
}

/// `GET /emails/{id}/message.eml`: download for mail programs.
async fn eml(
    State(mail_catcher): State<MailCatcher>,
    Path(id): Path<String>,
) -> Result<Response, StatusCode> {
    let email = mail_catcher.find(&id).ok_or(StatusCode::NOT_FOUND)?;
    Ok(([(header::CONTENT_TYPE, "message/rfc822")], email.to_eml()).into_response())
}

/// `GET /behaviour`: the fault rules with their remaining uses.
async fn rules(State(mail_catcher): State<MailCatcher>) -> Json<Value> {
    Json(json!({ "rules": mail_catcher.rules() }))
}

/// `POST /behaviour`: adds a fault rule.
async fn add_rule(State(mail_catcher): State<MailCatcher>, body: Bytes) -> (StatusCode, Json<Value>) {
    match serde_json::from_slice::<Rule>(&body) {
        Ok(rule) => {
            mail_catcher.add_fault_rule(rule);
            (StatusCode::CREATED, Json(json!({ "rules": mail_catcher.rules() })))
        }
        Err(reason) => {
            let message = format!("invalid fault rule: {reason}");
            (StatusCode::BAD_REQUEST, Json(json!({ "error": { "message": message } })))
        }
    }
}

/// `DELETE /behaviour`: removes all fault rules.
async fn clear_rules(State(mail_catcher): State<MailCatcher>) -> StatusCode {
    mail_catcher.clear_fault_rules();
    StatusCode::NO_CONTENT
}
