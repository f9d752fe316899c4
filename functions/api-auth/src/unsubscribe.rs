//! `GET` and `POST /v1/auth/unsubscribe`: turns off e-mail notifications with the link of an e-mail.
//!
//! The link must not unsubscribe by itself, because mail scanners open links: `GET` returns a page with a
//! form. Mail programs send the `POST` themselves (RFC 8058, one-click unsubscription).

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use deserr::Deserr;
use http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS};
use http::{HeaderName, StatusCode};
use schemars::JsonSchema;
use shared::api::NonIdempotent;
use shared::kit::command::Store;
use shared::kit::error::{ApiError, FieldErrors};
use shared::kit::http::Query;
use shared::kit::http::openapi::{Operation, OperationOutput};

use crate::state::AuthState;

/// Unsubscribe token.
#[derive(Deserr, JsonSchema)]
#[deserr(error = FieldErrors, rename_all = camelCase, deny_unknown_fields)]
#[schemars(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct UnsubscribeQuery {
    /// Token from the link of the e-mail.
    token: String,
}

/// HTML page without scripts and external resources. It contains nothing of the request.
pub(crate) struct Page {
    body: &'static str,
}

/// The token is part of the address: it must not get into a `Referer` header. The form may only be sent to
/// this origin.
const HEADERS: [(HeaderName, &str); 4] = [
    (CONTENT_TYPE, "text/html"),
    (CONTENT_SECURITY_POLICY, "default-src 'none'; form-action 'self'; frame-ancestors 'none'"),
    (REFERRER_POLICY, "no-referrer"),
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
];

/// Returns the page with the form. Its button sends the `POST` request to the same address.
pub(crate) async fn get_unsubscribe_page(Query(query): Query<UnsubscribeQuery>) -> Page {
    let UnsubscribeQuery { token: _ } = query;
    Page {
        body: "<h1>Unsubscribe</h1>\n<p>Turn off these e-mail notifications?</p>\n\
               <form method=\"post\"><button>Unsubscribe</button></form>",
    }
}

/// Turns off the notifications. The body is not read: mail programs send `List-Unsubscribe=One-Click`.
pub(crate) async fn unsubscribe(
    State(app): State<AuthState>,
    NonIdempotent(context): NonIdempotent,
    Query(query): Query<UnsubscribeQuery>,
) -> Result<Page, ApiError> {
    let command = app.email_tokens.unsubscribes(&query.token)?;
    app.store.execute(command, &context).await?;
    Ok(Page {
        body: "<h1>Unsubscribed</h1>\n<p>You will not receive these e-mails any more. You can turn them on \
               again in the settings of your account.</p>",
    })
}

impl IntoResponse for Page {
    fn into_response(self) -> Response {
        let html = format!(
            "<!doctype html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\"><title>Agora</title></head>\n\
             <body>\n{}\n</body>\n</html>\n",
            self.body
        );
        (StatusCode::OK, HEADERS, html).into_response()
    }
}

impl OperationOutput for Page {
    const MEDIA_TYPES: &'static [&'static str] = &["text/html"];

    fn describe(operation: &mut Operation<'_>) {
        operation.text_response("text/html", "HTML page. A program needs only the status.");
    }
}
