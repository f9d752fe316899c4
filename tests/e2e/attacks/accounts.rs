//! Guessing of accounts and passwords.

use std::fmt;
use std::time::{Duration, Instant};

use http::{Method, StatusCode};
use local::services::ses::Email;
use serde_json::json;
use test_support::app::{RequestBuilder, eventually};

use super::report::{Report, done, invalid, refused};
use crate::attacks::fixture::{Fixture, PASSWORD};

pub(super) async fn run(fixture: &Fixture, report: &mut Report) {
    report.begin("accounts");
    indistinguishable(fixture, report).await;
    too_many_failures(fixture, report).await;
    resets(fixture, report).await;
    Box::pin(invitations(fixture, report)).await;
    Box::pin(unsubscriptions(fixture, report)).await;
    rules(fixture, report).await;
}

fn login<'a>(fixture: &'a Fixture, email: &str, password: &str) -> RequestBuilder<'a> {
    fixture.app.request(Method::POST, "/v1/auth/login").json(&json!({ "email": email, "password": password }))
}

async fn timed(request: RequestBuilder<'_>, status: StatusCode) -> Duration {
    let started = Instant::now();
    let response = request.send().await;
    let elapsed = started.elapsed();
    assert_eq!(response.status, status, "{}", response.text);
    elapsed
}

fn median(times: &[Duration]) -> Duration {
    let mut times = times.to_vec();
    times.sort();
    times[times.len() / 2]
}

/// An unknown address and a wrong password get the same response in the same time.
async fn indistinguishable(fixture: &Fixture, report: &mut Report) {
    let wrong = refused(401, "INVALID_CREDENTIALS");
    let mut errors = Vec::new();
    for (name, email) in [
        ("a wrong password", &fixture.stranger.email),
        ("an unknown e-mail", &"unknown@example.com".to_owned()),
    ] {
        let response = report.row(name, login(fixture, email, "a wrong password"), wrong.clone()).await;
        errors.push(response.json()["error"].clone());
    }
    report.check("the same response for both", errors[0] == errors[1], &format!("{errors:?}"));

    // More logins reduce the noise of a busy machine: series are added until the medians are close, up to a
    // limit.
    let mut times = Times::default();
    for series in 0..6 {
        times.add_a_series(fixture, series).await;
        if times.are_close() {
            break;
        }
    }
    report.measured(format!("logins: {times}"));
    report.check("the medians of both are within 10 %", times.are_close(), &times.to_string());
    let unhashed = median(&times.too_long) * 2 < median(&times.wrong);
    report.check(
        "a password of 129 characters is rejected before it is hashed",
        unhashed,
        &times.to_string(),
    );
}

/// Durations of logins.
#[derive(Debug, Default)]
struct Times {
    wrong: Vec<Duration>,
    unknown: Vec<Duration>,
    too_long: Vec<Duration>,
}

impl Times {
    /// Adds 45 logins of each kind, interleaved in both orders. No account reaches the limit of failed
    /// logins.
    async fn add_a_series(&mut self, fixture: &Fixture, series: usize) {
        for n in 0..5 {
            let user = fixture.app.register(&format!("timed{series}-{n}")).await;
            let absent = format!("absent{series}-{n}@example.com");
            for round in 0..9 {
                let mut pair = [(&user.email, &mut self.wrong), (&absent, &mut self.unknown)];
                if (round + n) % 2 == 0 {
                    pair.reverse();
                }
                for (email, times) in pair {
                    let request = login(fixture, email, "incorrect horse");
                    times.push(timed(request, StatusCode::UNAUTHORIZED).await);
                }
                let request = login(fixture, &user.email, &"x".repeat(129));
                self.too_long.push(timed(request, StatusCode::BAD_REQUEST).await);
            }
        }
    }

    fn are_close(&self) -> bool {
        let (wrong, unknown) = (median(&self.wrong), median(&self.unknown));
        wrong.abs_diff(unknown) * 10 <= wrong.min(unknown)
    }
}

impl fmt::Display for Times {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [wrong, unknown, too_long] =
            [&self.wrong, &self.unknown, &self.too_long].map(|times| median(times));
        write!(f, "median of {}: {wrong:.1?} with a wrong password, ", self.wrong.len())?;
        write!(f, "{unknown:.1?} without an account, {too_long:.1?} with a password that is too long")
    }
}

/// Current 15-minute window of failed logins.
fn window() -> i64 {
    local::system::clock::now().as_second() / 900
}

async fn too_many_failures(fixture: &Fixture, report: &mut Report) {
    // If a new window starts during the attempts, the test is repeated with another account.
    for attempt in 0.. {
        let began = window();
        let guessed = fixture.app.register(&format!("guessed{attempt}")).await;
        for _ in 0..10 {
            let response = login(fixture, &guessed.email, "a wrong password").send().await;
            assert_eq!(response.status, StatusCode::UNAUTHORIZED, "{}", response.text);
        }
        let eleventh = login(fixture, &guessed.email, PASSWORD).send().await;
        if window() != began {
            continue;
        }
        let wait =
            eleventh.headers.get("retry-after").and_then(|wait| wait.to_str().ok()?.parse::<u32>().ok());
        let code = eleventh.json()["error"]["code"].clone();
        let is_limited = eleventh.status == StatusCode::TOO_MANY_REQUESTS && code == "TOO_MANY_ATTEMPTS";
        report.check(
            "the 11th attempt is refused, even with the correct password",
            is_limited,
            &eleventh.text,
        );
        report.check(
            "the wait is at most 15 minutes",
            wait.is_some_and(|wait| (1..=900).contains(&wait)),
            &format!("{wait:?}"),
        );
        report
            .row(
                "other accounts are not limited",
                login(fixture, &fixture.stranger.email, PASSWORD),
                done(200),
            )
            .await;
        return;
    }
}

async fn resets(fixture: &Fixture, report: &mut Report) {
    let reset = |email: &str| {
        fixture.app.request(Method::POST, "/v1/auth/password-reset").json(&json!({ "email": email }))
    };
    let known = report.row("reset of a known e-mail", reset(&fixture.stranger.email), done(202)).await;
    let unknown = report.row("reset of an unknown e-mail", reset("unknown@example.com"), done(202)).await;
    report.check("the same response for both resets", known.text == unknown.text, &unknown.text);
    let confirm = json!({ "token": "x", "password": "a new password" });
    let confirm = fixture.app.request(Method::POST, "/v1/auth/password-reset/confirm").json(&confirm);
    report.row("a forged reset token", confirm, refused(401, "INVALID_TOKEN")).await;
    let verify = fixture.app.request(Method::POST, "/v1/auth/verify-email").json(&json!({ "token": "x" }));
    report.row("a forged verification token", verify, refused(401, "INVALID_TOKEN")).await;
}

/// Waits for an e-mail of this kind to an address.
async fn email(fixture: &Fixture, address: &str, kind: &str) -> Email {
    let sent = || async {
        let sent = fixture.app.stack().mail().sent_to(address);
        sent.into_iter().find(|email| email.tags["kind"] == kind)
    };
    eventually(&format!("an e-mail of kind {kind} is sent"), sent).await
}

/// An invitation sets one password.
async fn invitations(fixture: &Fixture, report: &mut Report) {
    let account = json!({ "email": "invited@example.com", "name": "Canary", "role": "user" });
    let create = fixture.app.request(Method::POST, "/v1/users").by(&fixture.admin).key("invited");
    report.row("an account for another person", create.json(&account), done(201)).await;
    let wrong = refused(401, "INVALID_CREDENTIALS");
    report
        .row(
            "a login before the invitation is accepted",
            login(fixture, "invited@example.com", "!!!!!!!!"),
            wrong,
        )
        .await;
    let invitation = email(fixture, "invited@example.com", "invitation").await;
    let (_, token) = invitation.text.split_once("#token=").unwrap();
    let token = token.split_whitespace().next().unwrap();
    let accept = |token: &str, password: &str| {
        let body = json!({ "token": token, "password": password });
        fixture.app.request(Method::POST, "/v1/auth/password-reset/confirm").json(&body)
    };
    let invalid_token = refused(401, "INVALID_TOKEN");
    let forged = token.replacen(".1", ".2", 1);
    report.row("an invitation with another expiry", accept(&forged, PASSWORD), invalid_token.clone()).await;
    report.row("an invitation", accept(token, PASSWORD), done(204)).await;
    report.row("an invitation used twice", accept(token, "another password"), invalid_token).await;
    report.row("the first password stays", login(fixture, "invited@example.com", PASSWORD), done(200)).await;
}

/// An unsubscribe token turns off the notifications of its account only.
async fn unsubscriptions(fixture: &Fixture, report: &mut Report) {
    let notification = email(fixture, &fixture.seller.email, "new-order").await;
    let (_, token) = notification.text.split_once("unsubscribe?token=").unwrap();
    let token = token.split_whitespace().next().unwrap();
    let unsubscribe =
        |token: &str| fixture.app.request(Method::POST, &format!("/v1/auth/unsubscribe?token={token}"));
    let invalid_token = refused(401, "INVALID_TOKEN");
    let other = token.replace(&fixture.seller.id, &fixture.stranger.id);
    report.row("an unsubscribe token for another account", unsubscribe(&other), invalid_token.clone()).await;
    let (head, _) = token.rsplit_once('.').unwrap();
    report
        .row("a forged unsubscribe token", unsubscribe(&format!("{head}.AAAA")), invalid_token.clone())
        .await;
    let reset = json!({ "token": token, "password": "a new password" });
    let reset = fixture.app.request(Method::POST, "/v1/auth/password-reset/confirm").json(&reset);
    report.row("an unsubscribe token as a reset token", reset, invalid_token).await;
    report.row("an unsubscribe token", unsubscribe(token), done(200)).await;
}

async fn rules(fixture: &Fixture, report: &mut Report) {
    let register = |email: &str, password: &str| {
        let account = json!({ "email": email, "password": password, "name": "Canary" });
        fixture.app.request(Method::POST, "/v1/auth/register").json(&account)
    };
    report
        .row(
            "a password of 129 characters",
            register("long@example.com", &"x".repeat(129)),
            invalid("password"),
        )
        .await;
    let stacked = format!("long enough{}", "\u{301}".repeat(507));
    for (name, password) in [
        ("a password of 1,025 bytes", stacked.as_str()),
        ("a password of 7 characters", "e\u{301}123456"),
        ("a password with NUL", "long\0enough"),
        ("a password with a tab", "long\tenough"),
    ] {
        report.row(name, register("refused@example.com", password), invalid("password")).await;
    }
    for email in
        ["not-an-address", "jörg@example.com", "\u{212A}ate@example.com", "a@xn--a.example", "a@b＠c.example"]
    {
        report.row(&format!("the address {email}"), register(email, "long enough"), invalid("email")).await;
    }
    let taken = register(&fixture.buyer.email.to_uppercase(), PASSWORD);
    report.row("a known e-mail in capitals", taken, refused(409, "EMAIL_TAKEN")).await;
    let path = format!("/v1/users/{}", fixture.stranger.id);
    let change = |body: serde_json::Value| {
        fixture.app.request(Method::PATCH, &path).by(&fixture.stranger).header("if-match", "*").json(&body)
    };
    let address = "stolen@example.com";
    let without = change(json!({ "email": address }));
    report.row("another address without the password", without, invalid("currentPassword")).await;
    let wrong = change(json!({ "email": address, "currentPassword": "incorrect horse" }));
    report.row("another address with a wrong password", wrong, refused(401, "INVALID_CREDENTIALS")).await;
    let promoted = change(json!({ "role": "admin" }));
    report.row("a role for oneself", promoted, invalid("role")).await;
}
