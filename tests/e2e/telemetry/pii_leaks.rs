//! What belongs to somebody goes through every flow, and is looked for in all that the functions tell.

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

/// Every queue that is consumed.
const QUEUES: [&str; 6] = [
    "FulfilmentQueue",
    "EmailsQueue",
    "AnalyticsQueue",
    "SearchIndexQueue",
    "ReportsQueue",
    "UrgentReportsQueue",
];

/// A shop that tells all it ever tells.
struct Fixture {
    shop: TestApp,
    collector: Collector,
    /// What was handed out on the way: tokens of all kinds.
    tokens: Vec<String>,
}

impl Fixture {
    async fn open() -> Self {
        let collector = Collector::open().await;
        let endpoint = collector.endpoint();
        let shop = TestApp::open_with(|builder| {
            builder.parameter("OtlpEndpoint", endpoint).parameter("LogLevel", "debug")
        })
        .await;
        Self { shop, collector, tokens: Vec::new() }
    }

    async fn post(&self, path: &str, body: &Value) -> Value {
        self.shop.ask(Method::POST, path).json(body).send().await.json()["data"].clone()
    }

    /// The token in the e-mail of this kind.
    async fn mailed(&self, kind: &str) -> String {
        let look = || async {
            let sent = self.shop.stack().mail().sent_to(EMAIL);
            let email = sent.into_iter().find(|email| email.tags["kind"] == kind)?;
            email.text.split("#token=").nth(1)?.split_whitespace().next().map(str::to_owned)
        };
        eventually(&format!("an e-mail of kind {kind} is sent"), look).await
    }

    /// An account from its beginning to another password.
    async fn account(&mut self) -> TestUser {
        let account = json!({ "email": EMAIL, "password": PASSWORD, "name": NAME });
        let id = self.post("/v1/auth/register", &account).await["id"].clone();
        self.post("/v1/auth/register", &account).await;
        let verification = self.mailed("welcome").await;
        self.post("/v1/auth/verify-email", &json!({ "token": verification })).await;
        self.post("/v1/auth/login", &json!({ "email": EMAIL, "password": WRONG_PASSWORD })).await;
        let tokens = self.post("/v1/auth/login", &json!({ "email": EMAIL, "password": PASSWORD })).await;
        let refresh = json!({ "refreshToken": tokens["refreshToken"] });
        let refreshed = self.post("/v1/auth/refresh", &refresh).await;
        self.post("/v1/auth/password-reset", &json!({ "email": EMAIL })).await;
        let reset = self.mailed("reset").await;
        let confirm = json!({ "token": reset, "password": NEXT_PASSWORD });
        self.post("/v1/auth/password-reset/confirm", &confirm).await;
        let latest = self.post("/v1/auth/login", &json!({ "email": EMAIL, "password": NEXT_PASSWORD })).await;
        let handed_out = [&tokens, &refreshed, &latest]
            .into_iter()
            .flat_map(|tokens| [&tokens["accessToken"], &tokens["refreshToken"]]);
        self.tokens.extend(handed_out.map(|token| token.as_str().unwrap().to_owned()));
        self.tokens.extend([verification, reset]);
        let (id, token) =
            (id.as_str().unwrap().to_owned(), latest["accessToken"].as_str().unwrap().to_owned());
        TestUser { id, email: EMAIL.to_owned(), token }
    }

    /// Orders that are paid, refused, given back and not understood.
    async fn orders(&self, buyer: &TestUser, seller: &TestUser) {
        let product = self.shop.product(seller, 1_999, 100).await;
        let paid = self.shop.order(buyer, KEY, &product, 1, Some(METHOD)).await.data(StatusCode::CREATED);
        let id = paid["id"].as_str().unwrap();
        self.shop.order_in(buyer, id, &["confirmed"]).await;
        self.shop.order(buyer, KEY, &product, 2, Some(METHOD)).await;
        self.shop.order(buyer, "another", &product, 1, Some(CARD)).await;
        let cancel = json!({ "reason": REASON });
        self.shop.ask(Method::POST, &format!("/v1/orders/{id}/cancel")).by(buyer).json(&cancel).send().await;
        self.shop.ask(Method::GET, &format!("/v1/search?q={SEARCH}")).send().await;
    }

    /// A report of what the seller has sold.
    async fn report(&self, seller: &TestUser) {
        let markets = self.shop.ask(Method::GET, "/v1/markets").by(seller).send().await.data(StatusCode::OK);
        let body = json!({ "type": "sales_report", "params": { "marketId": markets[0]["id"] } });
        let asked = self.shop.ask(Method::POST, "/v1/jobs").by(seller).key(KEY).json(&body).send().await;
        let job = asked.headers["location"].to_str().unwrap().to_owned();
        let result = || async {
            let answer = self.shop.ask(Method::GET, &format!("{job}/result")).by(seller).send().await;
            (answer.status == StatusCode::OK).then_some(answer.text)
        };
        let text = eventually("the report is made", result).await;
        assert!(text.lines().count() > 1, "{text}");
    }

    /// Messages with something in them that is not to be quoted, until they are dead.
    async fn dead_letters(&self, admin: &TestUser) -> Vec<String> {
        let poison = json!({ "type": "order.created", "email": EMAIL, "card": CARD, "secret": PASSWORD });
        for queue in QUEUES {
            self.shop.send_message(queue, &poison.to_string()).await;
        }
        let recorded = || async {
            let letters = MoneyAndStock::read(&self.shop).await.dead_letters;
            (letters.len() == QUEUES.len()).then_some(letters)
        };
        let letters = eventually("all of them are dead", recorded).await;
        let path = format!("/v1/dead-letters/{}/redrive", letters[0].id);
        self.shop.ask(Method::POST, &path).by(admin).key(KEY).send().await;
        letters.into_iter().map(|letter| letter.reason).collect()
    }

    /// Everything that was told, by where.
    async fn told(&self, reasons: Vec<String>) -> Vec<(&'static str, String)> {
        let last = self.shop.ask(Method::GET, "/v1/markets").header("x-correlation-id", "the-last-one");
        last.send().await;
        let stack = self.shop.stack();
        assert!(stack.logs().wait_for("api-markets", "the-last-one", WAIT_TIMEOUT).await.is_some());
        let stems = stack.deployment().functions.iter().map(|function| function.stem.as_str());
        let logs: Vec<String> = stems.flat_map(|stem| stack.logs().lines(stem)).collect();
        assert!(logs.iter().any(|line| line.contains(r#""level":"DEBUG""#)), "nothing was told in detail");
        vec![
            ("logs", logs.join("\n")),
            ("spans", String::from_utf8_lossy(&self.collector.raw()).into_owned()),
            ("metrics", stack.logs().metrics().text().unwrap()),
            ("dead letters' reasons", reasons.join("\n")),
        ]
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_belongs_to_somebody_is_in_no_log_no_span_no_metric_and_no_reason() {
    let mut cage = Fixture::open().await;
    let admin = cage.shop.user_with_role("admin", Role::Admin).await;
    let buyer = cage.account().await;
    let seller = cage.shop.customer("seller").await;
    cage.orders(&buyer, &seller).await;
    cage.report(&seller).await;
    let reasons = cage.dead_letters(&admin).await;
    cage.shop.wait_until_idle().await;
    let told = cage.told(reasons).await;
    // What may be told is found where it is: so would be what may not.
    let allowed = [buyer.id.as_str(), "POST /v1/orders", "agora_messages_total", "does not read"];
    for ((place, text), allowed) in told.iter().zip(allowed) {
        assert!(text.contains(allowed), "{allowed} is not in the {place}");
    }

    let own = [PASSWORD, NEXT_PASSWORD, WRONG_PASSWORD, EMAIL, NAME, CARD, METHOD, KEY, REASON, SEARCH];
    let (mailbox, _) = EMAIL.split_once('@').unwrap();
    let ends = cage.tokens.iter().filter_map(|token| token.rsplit('.').next());
    let canaries = own.into_iter().chain([mailbox]).chain(cage.tokens.iter().map(String::as_str)).chain(ends);
    let mut found = Vec::new();
    for canary in canaries {
        for (place, text) in &told {
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
    assert!(cage.shop.stack().mail().sent_to(EMAIL).len() >= 3, "they did get their e-mails");
}
