//! Guessing accounts and passwords.

use std::fmt;
use std::time::{Duration, Instant};

use http::{Method, StatusCode};
use serde_json::json;
use test_support::app::RequestBuilder;

use super::report::{Report, done, invalid, refused};
use crate::attacks::fixture::{Fixture, PASSWORD};

pub(super) async fn run(world: &Fixture, report: &mut Report) {
    report.begin("accounts");
    indistinguishable(world, report).await;
    too_many_failures(world, report).await;
    resets(world, report).await;
    rules(world, report).await;
}

fn login<'a>(world: &'a Fixture, email: &str, password: &str) -> RequestBuilder<'a> {
    world.shop.ask(Method::POST, "/v1/auth/login").json(&json!({ "email": email, "password": password }))
}

async fn timed(ask: RequestBuilder<'_>, status: StatusCode) -> Duration {
    let begun = Instant::now();
    let answer = ask.send().await;
    let taken = begun.elapsed();
    assert_eq!(answer.status, status, "{}", answer.text);
    taken
}

fn median(times: &[Duration]) -> Duration {
    let mut times = times.to_vec();
    times.sort();
    times[times.len() / 2]
}

/// An unknown address and a wrong password: the same words, in the same time.
async fn indistinguishable(world: &Fixture, report: &mut Report) {
    let wrong = refused(401, "INVALID_CREDENTIALS");
    let mut words = Vec::new();
    for (name, email) in
        [("a wrong password", &world.stranger.email), ("an unknown e-mail", &"nobody@example.com".to_owned())]
    {
        let answer = report.row(name, login(world, email, "a wrong password"), wrong.clone()).await;
        words.push(answer.json()["error"].clone());
    }
    report.check("the same answer for both", words[0] == words[1], &format!("{words:?}"));

    // The more logins, the less it matters what else the machine does: as many as it takes, up to a bound.
    let mut times = Times::default();
    for series in 0..6 {
        times.add_a_series(world, series).await;
        if times.are_close() {
            break;
        }
    }
    report.measured(format!("logins: {times}"));
    report.check("the medians of both are within 10 %", times.are_close(), &times.to_string());
    let unhashed = median(&times.too_long) * 2 < median(&times.wrong);
    report.check("a password of 129 bytes is refused before it is hashed", unhashed, &times.to_string());
}

/// How long logins took.
#[derive(Debug, Default)]
struct Times {
    wrong: Vec<Duration>,
    unknown: Vec<Duration>,
    too_long: Vec<Duration>,
}

impl Times {
    /// 45 logins of each kind, taken in turns, each kind first as often as the other. Nobody fails too often.
    async fn add_a_series(&mut self, world: &Fixture, series: usize) {
        for n in 0..5 {
            let person = world.shop.customer(&format!("timed{series}-{n}")).await;
            let absent = format!("absent{series}-{n}@example.com");
            for round in 0..9 {
                let mut pair = [(&person.email, &mut self.wrong), (&absent, &mut self.unknown)];
                if (round + n) % 2 == 0 {
                    pair.reverse();
                }
                for (email, times) in pair {
                    let ask = login(world, email, "incorrect horse");
                    times.push(timed(ask, StatusCode::UNAUTHORIZED).await);
                }
                let ask = login(world, &person.email, &"x".repeat(129));
                self.too_long.push(timed(ask, StatusCode::BAD_REQUEST).await);
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
        write!(f, "{unknown:.1?} without an account, {too_long:.1?} with one too long")
    }
}

/// The quarter of an hour in which failures are counted together.
fn quarter() -> i64 {
    local::system::clock::now().as_second() / 900
}

async fn too_many_failures(world: &Fixture, report: &mut Report) {
    // A quarter of an hour may end in between: the next account is then guessed at within one.
    for attempt in 0.. {
        let began = quarter();
        let guessed = world.shop.customer(&format!("guessed{attempt}")).await;
        for _ in 0..10 {
            let answer = login(world, &guessed.email, "a wrong password").send().await;
            assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{}", answer.text);
        }
        let eleventh = login(world, &guessed.email, PASSWORD).send().await;
        if quarter() != began {
            continue;
        }
        let wait =
            eleventh.headers.get("retry-after").and_then(|wait| wait.to_str().ok()?.parse::<u32>().ok());
        let code = eleventh.json()["error"]["code"].clone();
        let held = eleventh.status == StatusCode::TOO_MANY_REQUESTS && code == "TOO_MANY_ATTEMPTS";
        report.check("the 11th attempt waits, even with the right password", held, &eleventh.text);
        report.check(
            "and never for good",
            wait.is_some_and(|wait| (1..=900).contains(&wait)),
            &format!("{wait:?}"),
        );
        report.row("others are not held up", login(world, &world.stranger.email, PASSWORD), done(200)).await;
        return;
    }
}

async fn resets(world: &Fixture, report: &mut Report) {
    let reset = |email: &str| {
        world.shop.ask(Method::POST, "/v1/auth/password-reset").json(&json!({ "email": email }))
    };
    let known = report.row("reset of a known e-mail", reset(&world.stranger.email), done(202)).await;
    let unknown = report.row("reset of an unknown e-mail", reset("nobody@example.com"), done(202)).await;
    report.check("the same answer for both resets", known.text == unknown.text, &unknown.text);
    let confirm = json!({ "token": "x", "password": "a new password" });
    let confirm = world.shop.ask(Method::POST, "/v1/auth/password-reset/confirm").json(&confirm);
    report.row("a forged reset token", confirm, refused(401, "INVALID_TOKEN")).await;
    let verify = world.shop.ask(Method::POST, "/v1/auth/verify-email").json(&json!({ "token": "x" }));
    report.row("a forged verification token", verify, refused(401, "INVALID_TOKEN")).await;
}

async fn rules(world: &Fixture, report: &mut Report) {
    let register = |email: &str, password: &str| {
        let account = json!({ "email": email, "password": password, "name": "Canary" });
        world.shop.ask(Method::POST, "/v1/auth/register").json(&account)
    };
    report
        .row("a password of 129 bytes", register("long@example.com", &"x".repeat(129)), invalid("password"))
        .await;
    report
        .row("43 characters of 3 bytes", register("wide@example.com", &"€".repeat(43)), invalid("password"))
        .await;
    report.row("a password of 7 bytes", register("short@example.com", "1234567"), invalid("password")).await;
    report.row("no e-mail address", register("nobody", "long enough"), invalid("email")).await;
    let taken = register(&world.buyer.email.to_uppercase(), PASSWORD);
    report.row("a known e-mail in capitals", taken, refused(409, "EMAIL_TAKEN")).await;
    let path = format!("/v1/users/{}", world.stranger.id);
    let promote = world.shop.ask(Method::PATCH, &path).by(&world.stranger).header("if-match", "*");
    report.row("a role for oneself", promote.json(&json!({ "role": "admin" })), invalid("role")).await;
}
