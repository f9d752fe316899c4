//! Onboarding page of connected accounts, in place of the one that Stripe hosts.

use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::response::{Html, IntoResponse as _, Redirect, Response};
use http::{Method, StatusCode};
use serde_json::Value;

use super::{MAX_BODY_SIZE, page::escaped, read};
use crate::Sandbox;
use crate::error::StripeError;

const HEAD: &str = "<!doctype html><html lang=en><meta charset=utf-8>\
    <meta name=viewport content=\"width=device-width\"><title>Onboarding</title><style>\
    body{font:16px system-ui;margin:2rem auto;max-width:40rem;padding:0 1rem;overflow-wrap:anywhere}\
    button{font:inherit;padding:.5rem 1rem;margin:0 1rem 1rem 0}</style><h1>Payout account</h1>";

/// `GET /sandbox/onboarding/{link}`: opens the link.
pub(super) async fn show(State(sandbox): State<Sandbox>, Path(link): Path<String>) -> Response {
    visit(&sandbox, &link, "open", Body::empty()).await
}

/// `POST /sandbox/onboarding/{link}`: submits the form.
pub(super) async fn submit(
    State(sandbox): State<Sandbox>,
    Path(link): Path<String>,
    request: Request,
) -> Response {
    visit(&sandbox, &link, "submit", request.into_body()).await
}

async fn visit(sandbox: &Sandbox, link: &str, action: &str, body: Body) -> Response {
    let request = Request::builder().method(Method::POST);
    let request = request.uri(format!("/sandbox/account_links/{link}/{action}")).body(());
    let Ok(request) = request else { return StatusCode::NOT_FOUND.into_response() };
    let body = axum::body::to_bytes(body, MAX_BODY_SIZE).await;
    let body = body.map_err(|_| StripeError::invalid("The request body cannot be read."));
    let response = sandbox.handle(read(request.into_parts().0, body)).await;
    if response.dropped || response.status != 200 {
        return response.into_response();
    }
    let result: Value = serde_json::from_str(&response.body).unwrap_or_default();
    match result["redirect"].as_str() {
        Some(url) => Redirect::to(url).into_response(),
        None => Html(form(&result["account"])).into_response(),
    }
}

fn form(account: &Value) -> String {
    let text = |value: &Value| escaped(value.as_str().unwrap_or_default());
    let due = account["requirements"]["currently_due"].as_array();
    let due: Vec<_> = due.into_iter().flatten().map(|item| format!("<li>{}", text(item))).collect();
    format!(
        "{HEAD}<p>Account {}, {}<p>Required information:<ul>{}</ul><form method=post>\
         <button name=decision value=complete>Submit everything</button>\
         <button name=decision value=refuse>Leave without submitting</button></form>",
        text(&account["id"]),
        text(&account["country"]),
        due.concat(),
    )
}
