//! Races on accounts and sessions.

use futures::future::join_all;
use http::{Method, StatusCode};
use serde_json::{Value, json};
use shared::domain::user::Role;
use test_support::app::TestResponse;
use test_support::audit::{Invariant, Violation};

use super::expect_status_counts;
use crate::fixture::Fixture;

const PASSWORD: &str = "correct horse battery staple";

/// Three concurrent registrations of one e-mail address: exactly one succeeds.
pub(super) async fn three_accounts_with_one_email(fixture: &Fixture, number: u64) -> Result<(), Violation> {
    let email = format!("{number}-{}@example.com", local::system::aws_ids::uuid());
    let account = json!({ "email": email, "password": PASSWORD, "name": "Ada" });
    let requests =
        (0..3).map(|_| fixture.app.request(Method::POST, "/v1/auth/register").json(&account).send());
    let responses = join_all(requests).await;
    expect_status_counts(
        Invariant::Http,
        &email,
        &responses,
        &[(StatusCode::CREATED, 1), (StatusCode::CONFLICT, 2)],
    )
}

async fn refresh(fixture: &Fixture, token: &Value) -> TestResponse {
    let body = json!({ "refreshToken": token });
    fixture.app.request(Method::POST, "/v1/auth/refresh").json(&body).send().await
}

/// A refresh token that is used concurrently has one successor; using it again after its successor ends the
/// session.
pub(super) async fn refresh_token_used_twice(fixture: &Fixture, number: u64) -> Result<(), Violation> {
    let body = json!({ "email": fixture.buyer(number).email, "password": PASSWORD });
    let login = fixture.app.request(Method::POST, "/v1/auth/login").json(&body).send().await;
    let first = login.json()["data"]["refreshToken"].take();
    let concurrent = join_all((0..4).map(|_| refresh(fixture, &first))).await;
    let next_token = |response: &TestResponse| response.json()["data"]["refreshToken"].take();
    let wrong = |expected: &str, was: String| {
        Err(Violation::new(Invariant::Sessions, &fixture.buyer(number).email, expected, was))
    };
    let successors: Vec<Value> = concurrent.iter().map(next_token).collect();
    if successors.iter().any(|token| *token != successors[0] || token.is_null()) {
        return wrong(
            "one successor",
            format!("{:?}", concurrent.iter().map(|response| &response.text).collect::<Vec<_>>()),
        );
    }
    let third = refresh(fixture, &successors[0]).await.json()["data"]["refreshToken"].take();
    let reused = refresh(fixture, &first).await;
    if reused.json()["error"]["code"] != "REFRESH_REUSED" {
        return wrong("REFRESH_REUSED", reused.text);
    }
    let after = refresh(fixture, &third).await;
    if after.json()["error"]["code"] != "TOKEN_REVOKED" {
        return wrong("TOKEN_REVOKED", after.text);
    }
    Ok(())
}

/// A moderator is suspended while sending privileged requests: after the acknowledgement, none succeeds.
pub(super) async fn suspended_moderator(fixture: &Fixture, number: u64) -> Result<(), Violation> {
    let name = format!("moderator-{number}-{}", &local::system::aws_ids::uuid()[..8]);
    let moderator = fixture.app.user_with_role(&name, Role::Moderator).await;
    let list_users = || fixture.app.request(Method::GET, "/v1/users?limit=1").by(&moderator).send();
    let before = list_users().await;
    let path = format!("/v1/users/{}", moderator.id);
    let suspend = fixture.app.request(Method::PATCH, &path).by(&fixture.admin).header("if-match", "*");
    let suspend = suspend.json(&json!({ "status": "suspended" }));
    let (_, suspended) = futures::join!(join_all((0..4).map(|_| list_users())), suspend.send());
    let after = join_all((0..4).map(|_| list_users())).await;
    let succeeds = after.iter().any(|response| response.status == StatusCode::OK);
    if before.status == StatusCode::OK && suspended.status == StatusCode::OK && !succeeds {
        return Ok(());
    }
    let was = format!("before {}, suspended {}, success after: {succeeds}", before.status, suspended.status);
    Err(Violation::new(Invariant::Sessions, &moderator.email, "success before, rejection after", was))
}
