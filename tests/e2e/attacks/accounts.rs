//! Guessing accounts and passwords.

use std::fmt;
use std::time::{Duration, Instant};

use harness::shop::Ask;
use http::{Method, StatusCode};
use serde_json::json;

use super::report::{Report, done, invalid, refused};
use super::world::{PASSWORD, World};

pub(super) async fn run(world: &World, report: &mut Report) {
    report.begin("accounts");
    indistinguishable(world, report).await;
    too_many_failures(world, report).await;
    resets(world, report).await;
    rules(world, report).await;
}

fn login<'a>(world: &'a World, email: &str, password: &str) -> Ask<'a> {
    world.shop.ask(Method::POST, "/v1/auth/login").json(&json!({ "email": email, "password": password }))
}

async fn timed(ask: Ask<'_>, status: StatusCode) -> Duration {
    let begun = Instant::now();
    let answer = ask.send().await;
    let taken = begun.elapsed();
    assert_eq!(answer.status, status, "{}", answer.text);
    taken
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}

/// An unknown address and a wrong password: the same words, in the same time. Nine attempts on each account stay below
/// the limit on failures.
async fn indistinguishable(world: &World, report: &mut Report) {
    let wrong = refused(401, "INVALID_CREDENTIALS");
    let mut words = Vec::new();
    for (name, email) in
        [("a wrong password", &world.stranger.email), ("an unknown e-mail", &"nobody@example.com".to_owned())]
    {
        let answer = report.row(name, login(world, email, "a wrong password"), wrong.clone()).await;
        words.push(answer.json()["error"].clone());
    }
    report.check("the same answer for both", words[0] == words[1], &format!("{words:?}"));

    // Whatever else the machine does may slow one of the two for a while, but not in each of four series.
    let mut series = Vec::new();
    for number in 0..4 {
        let medians = Medians::of_a_series(world, number).await;
        report.measured(format!("logins: {medians}"));
        series.push(medians);
        if medians.are_close() {
            break;
        }
    }
    let close = series.iter().any(Medians::are_close);
    report.check("the medians of both are within 10 %", close, &format!("{series:?}"));
    let unhashed = series.iter().all(|medians| medians.too_long * 2 < medians.wrong);
    report.check("a password of 129 bytes is refused before it is hashed", unhashed, &format!("{series:?}"));
}

/// How long logins took in the middle.
#[derive(Debug, Clone, Copy)]
struct Medians {
    wrong: Duration,
    unknown: Duration,
    too_long: Duration,
}

impl Medians {
    /// Of 45 logins of each kind, taken in turns, each kind first as often as the other.
    async fn of_a_series(world: &World, number: usize) -> Self {
        let (mut wrong, mut unknown, mut too_long) = (Vec::new(), Vec::new(), Vec::new());
        for n in 0..5 {
            let person = world.shop.customer(&format!("timed{number}-{n}")).await;
            let absent = format!("absent{number}-{n}@example.com");
            for round in 0..9 {
                let mut pair = [(&person.email, &mut wrong), (&absent, &mut unknown)];
                if (round + n) % 2 == 0 {
                    pair.reverse();
                }
                for (email, times) in pair {
                    let ask = login(world, email, "incorrect horse");
                    times.push(timed(ask, StatusCode::UNAUTHORIZED).await);
                }
                let ask = login(world, &person.email, &"x".repeat(129));
                too_long.push(timed(ask, StatusCode::BAD_REQUEST).await);
            }
        }
        Self { wrong: median(wrong), unknown: median(unknown), too_long: median(too_long) }
    }

    fn are_close(&self) -> bool {
        self.wrong.abs_diff(self.unknown) * 10 <= self.wrong.min(self.unknown)
    }
}

impl fmt::Display for Medians {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { wrong, unknown, too_long } = self;
        write!(
            f,
            "{wrong:.1?} with a wrong password, {unknown:.1?} without an account, {too_long:.1?} too long"
        )
    }
}

/// The quarter of an hour in which failures are counted together.
fn quarter() -> i64 {
    local::clock::now().as_second() / 900
}

async fn too_many_failures(world: &World, report: &mut Report) {
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

async fn resets(world: &World, report: &mut Report) {
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

async fn rules(world: &World, report: &mut Report) {
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
