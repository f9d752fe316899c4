//! Personal data and secrets pass through every flow, and must not occur in logs, spans, metrics or
//! dead-letter reasons.

use http::{Method, StatusCode};
use serde_json::{Value, json};
use shared::domain::user::Role;
use test_support::app::{WAIT_TIMEOUT, eventually};
use test_support::audit::MoneyAndStock;
use test_support::{Collector, TestApp, TestUser};

const PASSWORD: &str = "canary-password-5f0c";
const NEXT_PASSWORD: &str = "canary-password-a91e";
const WRONG_PASSWORD: &str = "canary-password-0000";
const EMAIL: &str = "canary-mail-77d2@example.com";
const NAME: &str = "Canary-Name-41b8";
const CARD: &str = "4242424242424242";
const METHOD: &str = "pm_card_visa";
const KEY: &str = "canary-key-c03d";
const REASON: &str = "canary-reason-12aa";
const SEARCH: &str = "canary-search-9e55";

/// All queues with consumers.
const QUEUES: [&str; 6] = [
    "FulfilmentQueue",
    "EmailsQueue",
    "AnalyticsQueue",
    "SearchIndexQueue",
    "ReportsQueue",
    "UrgentReportsQueue",
];

/// A stack with debug logs and a collector.
struct Fixture {
    app: TestApp,
    collector: Collector,
    /// All issued tokens.
    tokens: Vec<String>,
}

impl Fixture {
    async fn open() -> Self {
        let collector = Collector::open().await;
        let endpoint = collector.endpoint();
        let app = TestApp::start_with(|builder| {
            builder.parameter("OtlpEndpoint", endpoint).parameter("LogLevel", "debug")
        })
        .await;
        Self { app, collector, tokens: Vec::new() }
    }

    async fn post(&self, path: &str, body: &Value) -> Value {
        self.app.request(Method::POST, path).json(body).send().await.json()["data"].clone()
    }

    /// Waits for an e-mail of this kind, and returns its token.
    async fn emailed_token(&self, kind: &str) -> String {
        let poll = || async {
            let sent = self.app.stack().mail().sent_to(EMAIL);
            let email = sent.into_iter().find(|email| email.tags["kind"] == kind)?;
            email.text.split("#token=").nth(1)?.split_whitespace().next().map(str::to_owned)
        };
        eventually(&format!("an e-mail of kind {kind} is sent"), poll).await
    }

    /// Registers an account, verifies its address, logs in, and resets its password.
    async fn account(&mut self) -> TestUser {
        let account = json!({ "email": EMAIL, "password": PASSWORD, "name": NAME });
        let id = self.post("/v1/auth/register", &account).await["id"].clone();
        self.post("/v1/auth/register", &account).await;
        let verification = self.emailed_token("welcome").await;
        self.post("/v1/auth/verify-email", &json!({ "token": verification })).await;
        self.post("/v1/auth/login", &json!({ "email": EMAIL, "password": WRONG_PASSWORD })).await;
        let tokens = self.post("/v1/auth/login", &json!({ "email": EMAIL, "password": PASSWORD })).await;
        let refresh = json!({ "refreshToken": tokens["refreshToken"] });
        let refreshed = self.post("/v1/auth/refresh", &refresh).await;
        self.post("/v1/auth/password-reset", &json!({ "email": EMAIL })).await;
        let reset = self.emailed_token("reset").await;
        let confirm = json!({ "token": reset, "password": NEXT_PASSWORD });
        self.post("/v1/auth/password-reset/confirm", &confirm).await;
        let latest = self.post("/v1/auth/login", &json!({ "email": EMAIL, "password": NEXT_PASSWORD })).await;
        let issued = [&tokens, &refreshed, &latest]
            .into_iter()
            .flat_map(|tokens| [&tokens["accessToken"], &tokens["refreshToken"]]);
        self.tokens.extend(issued.map(|token| token.as_str().unwrap().to_owned()));
        self.tokens.extend([verification, reset]);
        let (id, token) =
            (id.as_str().unwrap().to_owned(), latest["accessToken"].as_str().unwrap().to_owned());
        TestUser { id, email: EMAIL.to_owned(), token }
    }

    /// Places orders that are paid, rejected and cancelled, and sends a search.
    async fn orders(&self, buyer: &TestUser, seller: &TestUser) {
        let product = self.app.product(seller, 1_999, 100).await;
        let paid = self.app.order(buyer, KEY, &product, 1, Some(METHOD)).await.data(StatusCode::CREATED);
        let id = paid["id"].as_str().unwrap();
        self.app.wait_for_order(buyer, id, &["confirmed"]).await;
        self.app.order(buyer, KEY, &product, 2, Some(METHOD)).await;
        self.app.order(buyer, "another", &product, 1, Some(CARD)).await;
        let cancel = json!({ "reason": REASON });
        self.app
            .request(Method::POST, &format!("/v1/orders/{id}/cancel"))
            .by(buyer)
            .json(&cancel)
            .send()
            .await;
        self.app.request(Method::GET, &format!("/v1/search?q={SEARCH}")).send().await;
    }

    /// Creates a sales report.
    async fn report(&self, seller: &TestUser) {
        let markets =
            self.app.request(Method::GET, "/v1/markets").by(seller).send().await.data(StatusCode::OK);
        let body = json!({ "type": "sales_report", "params": { "marketId": markets[0]["id"] } });
        let created = self.app.request(Method::POST, "/v1/jobs").by(seller).key(KEY).json(&body).send().await;
        let job = created.headers["location"].to_str().unwrap().to_owned();
        let result = || async {
            let response = self.app.request(Method::GET, &format!("{job}/result")).by(seller).send().await;
            (response.status == StatusCode::OK).then_some(response.text)
        };
        let text = eventually("the report succeeds", result).await;
        assert!(text.lines().count() > 1, "{text}");
    }

    /// Sends invalid messages with personal data to all queues, and returns the reasons of
    /// their dead letters.
    async fn dead_letters(&self, admin: &TestUser) -> Vec<String> {
        let poison = json!({ "type": "order.created", "email": EMAIL, "card": CARD, "secret": PASSWORD });
        for queue in QUEUES {
            self.app.send_message(queue, &poison.to_string()).await;
        }
        let recorded = || async {
            let dead_letters = MoneyAndStock::read(&self.app).await.dead_letters;
            (dead_letters.len() == QUEUES.len()).then_some(dead_letters)
        };
        let dead_letters = eventually("all messages are dead-lettered", recorded).await;
        let path = format!("/v1/dead-letters/{}/redrive", dead_letters[0].id);
        self.app.request(Method::POST, &path).by(admin).key(KEY).send().await;
        dead_letters.into_iter().map(|dead_letter| dead_letter.reason).collect()
    }

    /// All logs, spans, metrics and reasons.
    async fn telemetry(&self, reasons: Vec<String>) -> Vec<(&'static str, String)> {
        let last = self.app.request(Method::GET, "/v1/markets").header("x-correlation-id", "the-last-one");
        last.send().await;
        let stack = self.app.stack();
        assert!(stack.logs().wait_for("api-markets", "the-last-one", WAIT_TIMEOUT).await.is_some());
        let stems = stack.deployment().functions.iter().map(|function| function.stem.as_str());
        let logs: Vec<String> = stems.flat_map(|stem| stack.logs().lines(stem)).collect();
        assert!(logs.iter().any(|line| line.contains(r#""level":"DEBUG""#)), "no debug line was logged");
        vec![
            ("logs", logs.join("\n")),
            ("spans", String::from_utf8_lossy(&self.collector.raw()).into_owned()),
            ("metrics", stack.logs().metrics().text().unwrap()),
            ("dead letters' reasons", reasons.join("\n")),
        ]
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn personal_data_is_in_no_log_span_metric_or_reason() {
    let mut fixture = Fixture::open().await;
    let admin = fixture.app.user_with_role("admin", Role::Admin).await;
    let buyer = fixture.account().await;
    let seller = fixture.app.register("seller").await;
    fixture.orders(&buyer, &seller).await;
    fixture.report(&seller).await;
    let reasons = fixture.dead_letters(&admin).await;
    fixture.app.wait_until_idle().await;
    let telemetry = fixture.telemetry(reasons).await;
    // Allowed text is found, so the search itself works.
    let allowed = [buyer.id.as_str(), "POST /v1/orders", "agora_messages_total", "cannot be parsed"];
    for ((place, text), allowed) in telemetry.iter().zip(allowed) {
        assert!(text.contains(allowed), "{allowed} is not in the {place}");
    }

    let constants = [PASSWORD, NEXT_PASSWORD, WRONG_PASSWORD, EMAIL, NAME, CARD, METHOD, KEY, REASON, SEARCH];
    let (mailbox, _) = EMAIL.split_once('@').unwrap();
    let signatures = fixture.tokens.iter().filter_map(|token| token.rsplit('.').next());
    let canaries = constants
        .into_iter()
        .chain([mailbox])
        .chain(fixture.tokens.iter().map(String::as_str))
        .chain(signatures);
    let mut found = Vec::new();
    for canary in canaries {
        for (place, text) in &telemetry {
            if let Some(at) = text.find(canary) {
                let line = text[..at].rfind('\n').map_or(0, |start| start + 1);
                found.push(format!(
                    "{canary} in {place}: {}",
                    text[line..].lines().next().unwrap_or_default()
                ));
            }
        }
    }
    assert!(found.is_empty(), "{found:#?}");
    assert!(fixture.app.stack().mail().sent_to(EMAIL).len() >= 3, "the e-mails were sent");
}
