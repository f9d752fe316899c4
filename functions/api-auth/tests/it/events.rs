//! Every event in `events/api-auth/`.

use harness::event::{cases, of_file};
use serde_json::Value;

use super::Auth;

/// What each event is answered with, in an order in which they can be sent one after the other.
const ANSWERS: [(&str, u16, &str); 9] = [
    ("register", 201, ""),
    ("register-with-bad-fields", 400, "VALIDATION_ERROR"),
    ("login", 200, ""),
    ("login-with-wrong-password", 401, "INVALID_CREDENTIALS"),
    ("refresh", 200, ""),
    ("refresh-with-a-foreign-token", 401, "INVALID_TOKEN"),
    ("logout", 204, ""),
    ("logout-without-a-token", 400, "VALIDATION_ERROR"),
    ("jwks", 200, ""),
];

#[tokio::test]
async fn every_event_is_answered_as_its_name_says() {
    let auth = Auth::open().await;
    let (mut refresh_token, mut sent) = (String::new(), Vec::new());
    for (case, status, code) in ANSWERS {
        let mut event = of_file("api-auth", case);
        if let Some(Value::String(body)) = event.get_mut("body") {
            *body = body.replace("<refresh token>", &refresh_token);
        }
        let answer = auth.send(&event).await;
        assert_eq!((answer.status.as_u16(), answer.code().as_str()), (status, code), "{case}");
        if let Some(token) = answer.json()["data"]["refreshToken"].as_str() {
            token.clone_into(&mut refresh_token);
        }
        sent.push(case.to_owned());
    }
    sent.sort();
    assert_eq!(sent, cases("api-auth"), "an event is not sent, or does not exist");
}
