//! Requests to the API over HTTP.

use http::{HeaderMap, Method, StatusCode};
use serde_json::Value;

use super::{TestApp, TestUser};
use crate::openapi_contract;

/// Response of the API.
#[derive(Debug, Clone)]
pub struct TestResponse {
    /// Status code.
    pub status: StatusCode,
    /// Headers.
    pub headers: HeaderMap,
    /// Body as text.
    pub text: String,
}

impl TestResponse {
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
    pub async fn send(self) -> TestResponse {
        let (client, request) = self.request.build_split();
        let request = request.expect("the request is valid");
        let (method, url) = (request.method().clone(), request.url().clone());
        let path = format!("{}?{}", url.path(), url.query().unwrap_or_default());
        let response =
            client.execute(request).await.unwrap_or_else(|error| panic!("{}: {error}", self.app.stack.url()));
        let (status, headers) = (response.status(), response.headers().clone());
        let text = response.text().await.expect("the response is complete");
        openapi_contract::assert_conforms(&method, &path, status, &headers, text.as_bytes());
        TestResponse { status, headers, text }
    }
}

impl TestApp {
    /// Starts a request.
    #[must_use]
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder<'_> {
        let request = self.http.request(method, format!("{}{path}", self.stack.url()));
        RequestBuilder { app: self, request }
    }
}
