//! The application on the local stack, with helpers that call its API over HTTP.

use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use http::{HeaderMap, Method, StatusCode};
use local::{Stack, StackBuilder};
use reqwest::Client;
use serde_json::{Value, json};
use shared::domain::product::Stock;
use shared::domain::user::register::RegisterUser;
use shared::domain::user::{Credentials, Role};
use shared::kit::auth::password::Hasher;
use shared::kit::aws::dynamodb::{DynamoStore, Table};
use shared::kit::command::{Key, Record, Store};
use shared::kit::system::clock::{Clock, SystemClock};

use crate::fixture::{new_id, test_context};
use crate::{openapi_contract, workspace};

/// Timeout of [`eventually`] and [`TestApp::wait_until_idle`].
pub const WAIT_TIMEOUT: Duration = Duration::from_secs(40);

/// A running local stack with the function binaries.
pub struct TestApp {
    stack: Stack,
    http: Client,
    dynamodb: aws_sdk_dynamodb::Client,
    sqs: aws_sdk_sqs::Client,
}

/// A user with an account and an access token.
#[derive(Debug, Clone)]
pub struct TestUser {
    /// Account id.
    pub id: String,
    /// E-mail address.
    pub email: String,
    /// Access token.
    pub token: String,
}

/// Response of the API.
#[derive(Debug, Clone)]
pub struct Answer {
    /// Status code.
    pub status: StatusCode,
    /// Headers.
    pub headers: HeaderMap,
    /// Body as text.
    pub text: String,
}

impl Answer {
    /// Parses the body as JSON; null if it is not JSON.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_default()
    }

    /// Checks the status and returns the `data` of the body.
    ///
    /// # Panics
    /// If the status differs.
    #[must_use]
    pub fn data(&self, status: StatusCode) -> Value {
        assert_eq!(self.status, status, "{}", self.text);
        self.json()["data"].clone()
    }

    /// Checks the status and returns the code of the error.
    ///
    /// # Panics
    /// If the status differs.
    #[must_use]
    pub fn code(&self, status: StatusCode) -> String {
        assert_eq!(self.status, status, "{}", self.text);
        self.json()["error"]["code"].as_str().unwrap_or_default().to_owned()
    }
}

/// A request to the API.
pub struct RequestBuilder<'a> {
    app: &'a TestApp,
    request: reqwest::RequestBuilder,
}

impl RequestBuilder<'_> {
    /// Authenticates the request as `user`.
    #[must_use]
    pub fn by(self, user: &TestUser) -> Self {
        Self { request: self.request.bearer_auth(&user.token), ..self }
    }

    /// Adds a header.
    #[must_use]
    pub fn header(self, name: &str, value: &str) -> Self {
        Self { request: self.request.header(name, value), ..self }
    }

    /// Adds an idempotency key.
    #[must_use]
    pub fn key(self, key: &str) -> Self {
        self.header("idempotency-key", key)
    }

    /// Sets a JSON body.
    #[must_use]
    pub fn json(self, body: &Value) -> Self {
        Self { request: self.request.json(body), ..self }
    }

    /// Sets a body of any media type.
    #[must_use]
    pub fn body(self, media_type: &str, body: impl Into<Vec<u8>>) -> Self {
        let request = self.request.header("content-type", media_type).body(body.into());
        Self { request, ..self }
    }

    /// Sends the request, and checks the response against the API description.
    ///
    /// # Panics
    /// If there is no response, or it does not conform to the API description.
    pub async fn send(self) -> Answer {
        let (client, request) = self.request.build_split();
        let request = request.expect("the request is valid");
        let (method, url) = (request.method().clone(), request.url().clone());
        let path = format!("{}?{}", url.path(), url.query().unwrap_or_default());
        let response =
            client.execute(request).await.unwrap_or_else(|error| panic!("{}: {error}", self.app.stack.url()));
        let (status, headers) = (response.status(), response.headers().clone());
        let text = response.text().await.expect("the response is complete");
        openapi_contract::assert_conforms(&method, &path, status, &headers, text.as_bytes());
        Answer { status, headers, text }
    }
}

impl TestApp {
    /// Starts a stack with default settings.
    ///
    /// # Panics
    /// If the stack does not start.
    pub async fn start() -> Self {
        Self::start_with(|builder| builder).await
    }

    /// Starts a stack with customised settings.
    ///
    /// # Panics
    /// If the stack does not start.
    pub async fn start_with(settings: impl FnOnce(StackBuilder) -> StackBuilder) -> Self {
        let builder = StackBuilder::new(workspace("template.yaml"))
            .bin_dir(function_binaries())
            .schedules(false)
            .parameter("PaymentSearchLagSeconds", "1")
            .parameter("AnalyticsWindowSeconds", "0")
            .parameter("ApiRequestsPerSecond", "1000000")
            .parameter("ApiBurst", "1000000")
            .parameter("ReadLimit", "1000000")
            .parameter("WriteLimit", "1000000")
            .parameter("OrderLimit", "1000000");
        let stack = settings(builder).start().await.expect("the local stack starts");
        let dynamodb = crate::request_recorder::client(&stack.dynamodb_endpoint(), None);
        let sqs = sqs(&stack.sqs_endpoint());
        Self { stack, http: Client::new(), dynamodb, sqs }
    }

    /// The local stack.
    #[must_use]
    pub const fn stack(&self) -> &Stack {
        &self.stack
    }

    /// A client of the embedded DynamoDB that bypasses injected faults.
    #[must_use]
    pub fn dynamodb(&self) -> aws_sdk_dynamodb::Client {
        self.dynamodb.clone()
    }

    /// A client of the embedded SQS that bypasses injected faults.
    #[must_use]
    pub fn sqs(&self) -> aws_sdk_sqs::Client {
        self.sqs.clone()
    }

    /// Sends a message to the queue with this logical id of the template.
    ///
    /// # Panics
    /// If the queue rejects the message.
    pub async fn send_message(&self, queue: &str, body: &str) {
        let url = self.stack.queue_url(queue).expect("the template has the queue");
        self.sqs()
            .send_message()
            .queue_url(url)
            .message_body(body)
            .send()
            .await
            .expect("the queue accepts the message");
    }

    /// Sends at most ten messages to a queue in one request, so that they are delivered as one batch.
    ///
    /// # Panics
    /// If the queue rejects one of them.
    pub async fn send_messages(&self, queue: &str, bodies: &[String]) {
        use aws_sdk_sqs::types::SendMessageBatchRequestEntry;
        let url = self.stack.queue_url(queue).expect("the template has the queue");
        let entries = bodies.iter().enumerate().map(|(n, body)| {
            let entry = SendMessageBatchRequestEntry::builder().id(n.to_string()).message_body(body);
            entry.build().expect("an entry has an id and a body")
        });
        let request = self.sqs().send_message_batch().queue_url(url).set_entries(Some(entries.collect()));
        let sent = request.send().await.expect("the queue responds");
        assert!(sent.failed.is_empty(), "the queue rejected {:?}", sent.failed);
    }

    /// Starts a request.
    #[must_use]
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder<'_> {
        let request = self.http.request(method, format!("{}{path}", self.stack.url()));
        RequestBuilder { app: self, request }
    }

    /// Registers a user and logs them in.
    ///
    /// # Panics
    /// If either fails.
    pub async fn register(&self, name: &str) -> TestUser {
        let email = format!("{name}@example.com");
        let password = "correct horse battery staple";
        let account = json!({ "email": email, "password": password, "name": name });
        let registered = self.request(Method::POST, "/v1/auth/register").json(&account).send().await;
        let id = registered.data(StatusCode::CREATED)["id"].clone();
        let login = json!({ "email": email, "password": password });
        let tokens =
            self.request(Method::POST, "/v1/auth/login").json(&login).send().await.data(StatusCode::OK);
        let text = |value: &Value| value.as_str().expect("a string").to_owned();
        TestUser { id: text(&id), email, token: text(&tokens["accessToken"]) }
    }

    /// Creates a user in a role that cannot be registered over HTTP, and logs them in.
    ///
    /// # Panics
    /// If that fails.
    pub async fn user_with_role(&self, name: &str, role: Role) -> TestUser {
        let password = "correct horse battery staple";
        let hasher = Hasher::default();
        let hash = hasher.hash(password.parse().expect("the password is valid"));
        let email = format!("{name}@example.com");
        let register = RegisterUser {
            id: new_id(),
            email: email.parse().expect("the address is well-formed"),
            name: name.parse().expect("the name is well-formed"),
            role,
            credentials: Credentials { password_hash: hash.await.expect("the password is hashed") },
        };
        let table = self.stack.table_name("Table").expect("the template has the table");
        let store = DynamoStore::new(Table::new(self.dynamodb(), table));
        let user =
            store.execute(register, &test_context(SystemClock.now())).await.expect("the user is registered");
        let id = user.into_output().id.to_string();
        TestUser { id, token: self.log_in(&email).await, email }
    }

    /// Logs in with the password that all test users have, and returns the access token.
    ///
    /// # Panics
    /// If that fails.
    pub async fn log_in(&self, email: &str) -> String {
        let login = json!({ "email": email, "password": "correct horse battery staple" });
        let tokens =
            self.request(Method::POST, "/v1/auth/login").json(&login).send().await.data(StatusCode::OK);
        tokens["accessToken"].as_str().expect("a string").to_owned()
    }

    /// Creates a market in EUR with one product, and returns the product's id.
    ///
    /// # Panics
    /// If that fails.
    pub async fn product(&self, seller: &TestUser, price: i64, stock: i64) -> String {
        let market = json!({ "name": "Mugs and more", "currency": "EUR" });
        let market = self.request(Method::POST, "/v1/markets").by(seller).json(&market).send().await;
        let market = market.data(StatusCode::CREATED);
        let product = json!({
            "sku": "MUG-1",
            "title": "Mug",
            "price": { "amount": price, "currency": "EUR" },
            "stock": stock,
        });
        let path = format!("/v1/markets/{}/products", market["id"].as_str().expect("an id"));
        let product = self.request(Method::POST, &path).by(seller).json(&product).send().await;
        product.data(StatusCode::CREATED)["id"].as_str().expect("an id").to_owned()
    }

    /// Places an order of one product.
    pub async fn order(
        &self,
        buyer: &TestUser,
        key: &str,
        product: &str,
        quantity: i64,
        method: Option<&str>,
    ) -> Answer {
        let mut order = json!({ "items": [{ "productId": product, "quantity": quantity }] });
        if let Some(method) = method {
            order["paymentMethod"] = json!(method);
        }
        self.request(Method::POST, "/v1/orders").by(buyer).key(key).json(&order).send().await
    }

    /// Reads an order as `user`.
    ///
    /// # Panics
    /// If the API does not respond with 200.
    pub async fn get_order(&self, user: &TestUser, order: &str) -> Value {
        self.request(Method::GET, &format!("/v1/orders/{order}")).by(user).send().await.data(StatusCode::OK)
    }

    /// Waits until the status of an order is one of `statuses`, and returns the order.
    ///
    /// # Panics
    /// If that does not happen within [`WAIT_TIMEOUT`].
    pub async fn wait_for_order(&self, user: &TestUser, order: &str, statuses: &[&str]) -> Value {
        let poll = || async {
            let current = self.get_order(user, order).await;
            statuses.iter().any(|status| current["status"] == *status).then_some(current)
        };
        eventually(&format!("the order is one of {statuses:?}"), poll).await
    }

    /// Available and reserved units of a product, read from the table. The API may return cached values.
    ///
    /// # Panics
    /// If the product does not exist.
    pub async fn stock(&self, product: &str) -> (i64, i64) {
        let id = product.parse().expect("a product's id");
        let Key { pk, sk } = Stock::key(&id);
        let table = self.stack.table_name("Table").expect("the template has the table");
        let get = self.dynamodb().get_item().table_name(table).consistent_read(true);
        let found = get.key("pk", AttributeValue::S(pk)).key("sk", AttributeValue::S(sk)).send().await;
        let item = found.expect("the table responds").item.expect("the product has a stock");
        let stock: Stock = serde_dynamo::from_item(item).expect("the stored stock is valid");
        (stock.available, stock.reserved)
    }

    /// Waits until all events are published, all queues are empty and no invocation is in flight.
    ///
    /// # Panics
    /// If that does not happen within [`WAIT_TIMEOUT`].
    pub async fn wait_until_idle(&self) {
        self.stack.idle(WAIT_TIMEOUT).await.expect("the stack is idle");
    }
}

/// Calls `poll` until it returns a value, and returns that value.
///
/// # Panics
/// If that does not happen within [`WAIT_TIMEOUT`]; the message contains `description`.
pub async fn eventually<T, F: Future<Output = Option<T>>>(description: &str, poll: impl Fn() -> F) -> T {
    let waiting = async {
        loop {
            if let Some(found) = poll().await {
                return found;
            }
            local::system::clock::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(WAIT_TIMEOUT, waiting)
        .await
        .unwrap_or_else(|_| panic!("timed out waiting until {description}"))
}

fn sqs(endpoint: &str) -> aws_sdk_sqs::Client {
    use aws_sdk_sqs::config::{BehaviorVersion, Credentials, Region};
    let config = aws_sdk_sqs::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-central-1"))
        .credentials_provider(Credentials::new("local", "local", None, None, "test"))
        .endpoint_url(endpoint);
    aws_sdk_sqs::Client::from_conf(config.build())
}

/// Folder of the function binaries that cargo builds.
fn function_binaries() -> std::path::PathBuf {
    local::stack::default_bin_dir()
}
