//! Tests with the events in `events/api-auth/`.

use serde_json::Value;
use shared::domain::user::UserId;
use shared::domain::user::notifications::Topic;
use shared::kit::system::clock::Clock;
use test_support::lambda_event::{assert_all_cases, event_from_file};

use super::Auth;

/// Status and error code of the response to each event, in an order in which they can be sent.
const EXPECTED: [(&str, u16, &str); 19] = [
    ("register", 201, ""),
    ("register-with-bad-fields", 400, "VALIDATION_ERROR"),
    ("verify-email", 200, ""),
    ("verify-email-with-a-foreign-token", 401, "INVALID_TOKEN"),
    ("login", 200, ""),
    ("login-with-wrong-password", 401, "INVALID_CREDENTIALS"),
    ("refresh", 200, ""),
    ("refresh-with-a-foreign-token", 401, "INVALID_TOKEN"),
    ("logout", 204, ""),
    ("logout-without-a-token", 400, "VALIDATION_ERROR"),
    ("request-password-reset", 202, ""),
    ("request-password-reset-of-unknown-address", 202, ""),
    ("request-password-reset-without-an-address", 400, "VALIDATION_ERROR"),
    ("confirm-password-reset", 204, ""),
    ("confirm-password-reset-with-a-foreign-token", 401, "INVALID_TOKEN"),
    ("unsubscribe-page", 200, ""),
    ("unsubscribe", 200, ""),
    ("unsubscribe-with-a-foreign-token", 401, "INVALID_TOKEN"),
    ("jwks", 200, ""),
];

/// Replaces the placeholders of e-mail tokens in a body.
async fn with_email_tokens(auth: &Auth, body: &str) -> String {
    let ((user, credentials), now) = (auth.stored("ada@example.com").await, auth.clock.now());
    body.replace("<verification token>", &auth.email_tokens().to_verify_email(&user, now))
        .replace("<password reset token>", &auth.email_tokens().to_reset_password(&user, &credentials, now))
}

#[tokio::test]
async fn example_events_have_the_expected_responses() {
    let auth = Auth::open().await;
    let mut refresh_token = String::new();
    for (case, status, code) in EXPECTED {
        let mut event = event_from_file("api-auth", case);
        if let Some(Value::String(query)) = event.get_mut("rawQueryString") {
            let token = auth.email_tokens().to_unsubscribe(UserId::of_digest(7), Topic::Sales);
            *query = query.replace("<unsubscribe token>", &token);
        }
        if let Some(Value::String(body)) = event.get_mut("body") {
            *body = body.replace("<refresh token>", &refresh_token);
            if body.contains("token>") {
                *body = with_email_tokens(&auth, body).await;
            }
        }
        let response = auth.api.send(&event).await;
        assert_eq!(response.error(), (status, code), "{case}");
        if let Some(token) = response.json()["data"]["refreshToken"].as_str() {
            token.clone_into(&mut refresh_token);
        }
    }
    assert_all_cases("api-auth", EXPECTED.map(|(case, ..)| case));
}
