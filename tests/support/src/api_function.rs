//! A function of the HTTP API, called through its router without a server.

use futures::future::BoxFuture;
use serde_json::Value;
use shared::domain::values::actor::Actor;
use shared::kit::auth::access_token::TokenSigner;
use shared::kit::http::openapi::ApiRouter;
use shared::kit::system::clock::{Clock, SystemClock};

use crate::fixture::{ManualClock, Marketplace, bearer_token};
use crate::lambda_event::{self, RouterResponse};

/// Router of a function, and the key that signs the access tokens of its callers.
pub struct ApiFunction {
    router: ApiRouter,
    signer: TokenSigner,
    clock: Option<ManualClock>,
}

impl ApiFunction {
    /// Creates a function whose callers have tokens of this marketplace.
    #[must_use]
    pub fn new(marketplace: &Marketplace, router: ApiRouter) -> Self {
        Self { router, signer: marketplace.signer.clone(), clock: None }
    }

    /// Replaces the system clock.
    #[must_use]
    pub fn with_clock(self, clock: ManualClock) -> Self {
        Self { clock: Some(clock), ..self }
    }

    /// Sends an API Gateway event, and checks the response against the API description.
    pub async fn send(&self, event: &Value) -> RouterResponse {
        match &self.clock {
            Some(clock) => lambda_event::send_at(&self.router, event, clock.clone()).await,
            None => lambda_event::send(&self.router, event).await,
        }
    }

    /// Starts a request without a token.
    pub fn request(&self, method: &str, path: &str) -> ApiRequest<'_> {
        let (method, path) = (method.to_owned(), path.to_owned());
        ApiRequest { function: self, method, path, headers: Vec::new(), body: None }
    }

    /// Starts a `GET` request.
    pub fn get(&self, path: &str) -> ApiRequest<'_> {
        self.request("GET", path)
    }

    /// Starts a `POST` request.
    pub fn post(&self, path: &str) -> ApiRequest<'_> {
        self.request("POST", path)
    }

    /// Starts a `PUT` request.
    pub fn put(&self, path: &str) -> ApiRequest<'_> {
        self.request("PUT", path)
    }

    /// Starts a `PATCH` request.
    pub fn patch(&self, path: &str) -> ApiRequest<'_> {
        self.request("PATCH", path)
    }

    /// Starts a `DELETE` request.
    pub fn delete(&self, path: &str) -> ApiRequest<'_> {
        self.request("DELETE", path)
    }
}

/// A request to an [`ApiFunction`]. It is sent by `.await`.
#[must_use = "a request is sent when it is awaited"]
pub struct ApiRequest<'a> {
    function: &'a ApiFunction,
    method: String,
    path: String,
    headers: Vec<(String, String)>,
    body: Option<Value>,
}

impl ApiRequest<'_> {
    /// Authenticates the request with an access token of `actor`.
    pub fn by(self, actor: Actor) -> Self {
        let token = bearer_token(&self.function.signer, actor, SystemClock.now());
        self.header("authorization", &token)
    }

    /// Adds a header.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Adds headers.
    pub fn headers(self, headers: &[(&str, &str)]) -> Self {
        headers.iter().fold(self, |request, (name, value)| request.header(name, value))
    }

    /// Adds an idempotency key.
    pub fn key(self, key: &str) -> Self {
        self.header("idempotency-key", key)
    }

    /// Adds an `If-Match` header.
    pub fn if_match(self, tag: &str) -> Self {
        self.header("if-match", tag)
    }

    /// Adds an `If-None-Match` header.
    pub fn if_none_match(self, tag: &str) -> Self {
        self.header("if-none-match", tag)
    }

    /// Sets a JSON body.
    pub fn json(self, body: &Value) -> Self {
        Self { body: Some(body.clone()), ..self }
    }

    /// API Gateway event of the request, for tests that change it before they send it.
    #[must_use]
    pub fn event(&self) -> Value {
        let headers: Vec<(&str, &str)> =
            self.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        lambda_event::request_event(&self.method, &self.path, &headers, self.body.as_ref())
    }
}

impl<'a> IntoFuture for ApiRequest<'a> {
    type Output = RouterResponse;
    type IntoFuture = BoxFuture<'a, RouterResponse>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move { self.function.send(&self.event()).await })
    }
}
