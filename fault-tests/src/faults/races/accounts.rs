//! Races around accounts and sessions.

use futures::future::join_all;
use http::{Method, StatusCode};
use serde_json::{Value, json};
use shared::domain::user::Role;
use test_support::app::Answer;
use test_support::audit::{Invariant, Violation};

use super::shared_out;
use crate::fixture::Fixture;

const PASSWORD: &str = "correct horse battery staple";

/// Three register one address at the same moment: one has it.
pub(super) async fn two_accounts_of_one_address(bench: &Fixture, number: u64) -> Result<(), Violation> {
    let email = format!("{number}-{}@example.com", local::system::aws_ids::uuid());
    let account = json!({ "email": email, "password": PASSWORD, "name": "Ada" });
    let asked = (0..3).map(|_| bench.shop.ask(Method::POST, "/v1/auth/register").json(&account).send());
    let answers = join_all(asked).await;
    shared_out(Invariant::Http, &email, &answers, &[(StatusCode::CREATED, 1), (StatusCode::CONFLICT, 2)])
}

async fn refresh(bench: &Fixture, token: &Value) -> Answer {
    let body = json!({ "refreshToken": token });
    bench.shop.ask(Method::POST, "/v1/auth/refresh").json(&body).send().await
}

/// A token that is used twice at once has one successor; one that is used again after it has ended the session.
pub(super) async fn a_token_used_twice(bench: &Fixture, number: u64) -> Result<(), Violation> {
    let body = json!({ "email": bench.buyer(number).email, "password": PASSWORD });
    let login = bench.shop.ask(Method::POST, "/v1/auth/login").json(&body).send().await;
    let first = login.json()["data"]["refreshToken"].take();
    let twice = join_all((0..4).map(|_| refresh(bench, &first))).await;
    let second = |answer: &Answer| answer.json()["data"]["refreshToken"].take();
    let wrong = |expected: &str, was: String| {
        Err(Violation::new(Invariant::Sessions, &bench.buyer(number).email, expected, was))
    };
    let successors: Vec<Value> = twice.iter().map(second).collect();
    if successors.iter().any(|token| *token != successors[0] || token.is_null()) {
        return wrong(
            "one successor",
            format!("{:?}", twice.iter().map(|answer| &answer.text).collect::<Vec<_>>()),
        );
    }
    let third = refresh(bench, &successors[0]).await.json()["data"]["refreshToken"].take();
    let reused = refresh(bench, &first).await;
    if reused.json()["error"]["code"] != "REFRESH_REUSED" {
        return wrong("REFRESH_REUSED", reused.text);
    }
    let after = refresh(bench, &third).await;
    if after.json()["error"]["code"] != "TOKEN_REVOKED" {
        return wrong("TOKEN_REVOKED", after.text);
    }
    Ok(())
}

/// Somebody with privileges is suspended while they use them: once that is acknowledged, none of their calls passes.
pub(super) async fn a_suspended_moderator(bench: &Fixture, number: u64) -> Result<(), Violation> {
    let name = format!("moderator-{number}-{}", &local::system::aws_ids::uuid()[..8]);
    let moderator = bench.shop.user_with_role(&name, Role::Moderator).await;
    let look = || bench.shop.ask(Method::GET, "/v1/users?limit=1").by(&moderator).send();
    let before = look().await;
    let path = format!("/v1/users/{}", moderator.id);
    let suspend = bench.shop.ask(Method::PATCH, &path).by(&bench.admin).header("if-match", "*");
    let suspend = suspend.json(&json!({ "status": "suspended" }));
    let (_, suspended) = futures::join!(join_all((0..4).map(|_| look())), suspend.send());
    let after = join_all((0..4).map(|_| look())).await;
    let passes = after.iter().any(|answer| answer.status == StatusCode::OK);
    if before.status == StatusCode::OK && suspended.status == StatusCode::OK && !passes {
        return Ok(());
    }
    let was = format!("before {}, suspended {}, passes after: {passes}", before.status, suspended.status);
    Err(Violation::new(Invariant::Sessions, &moderator.email, "in before, out after", was))
}
