//! Stripe's error format (<https://docs.stripe.com/api/errors>).

use serde_json::{Map, Value, json};

/// Error response: status, members of `error`, and whether the endpoint had started to execute.
#[derive(Clone, Debug)]
pub(super) struct StripeError {
    status: u16,
    executed: bool,
    limit: Option<&'static str>,
    members: Map<String, Value>,
}

impl StripeError {
    pub(super) fn new(status: u16, kind: &str, message: impl Into<String>) -> Self {
        let mut members = Map::new();
        members.insert("type".to_owned(), json!(kind));
        members.insert("message".to_owned(), json!(message.into()));
        Self { status, executed: false, limit: None, members }
    }

    /// Creates a 400 `invalid_request_error`.
    pub(super) fn invalid(message: impl Into<String>) -> Self {
        Self::new(400, "invalid_request_error", message)
    }

    /// Creates a 404 `resource_missing`, as for an id in the path.
    pub(super) fn missing(kind: &str, id: &str, param: &str) -> Self {
        let mut error =
            Self::invalid(format!("No such {kind}: '{id}'")).code("resource_missing").param(param);
        error.status = 404;
        error
    }

    /// Creates a 400 for a parameter that is required.
    pub(super) fn missing_param(name: &str) -> Self {
        Self::invalid(format!("Missing required param: {name}.")).code("parameter_missing").param(name)
    }

    /// Creates an `api_error` with this status.
    pub(super) fn api(status: u16) -> Self {
        Self::new(status, "api_error", "An unknown error occurred")
    }

    pub(super) fn code(self, code: &str) -> Self {
        let page = code.replace('_', "-");
        self.with("code", json!(code))
            .with("doc_url", json!(format!("https://stripe.com/docs/error-codes/{page}")))
    }

    pub(super) fn param(self, param: &str) -> Self {
        self.with("param", json!(param))
    }

    pub(super) fn with(mut self, member: &str, value: Value) -> Self {
        self.members.insert(member.to_owned(), value);
        self
    }

    /// Marks the endpoint as executed: its response is stored under the idempotency key.
    pub(super) fn executed(mut self) -> Self {
        self.executed = true;
        self
    }

    pub(super) fn is_executed(&self) -> bool {
        self.executed
    }

    /// Names the rate limit that the call exceeded.
    pub(super) fn rate_limited(mut self, limit: &'static str) -> Self {
        self.limit = Some(limit);
        self
    }

    /// Rate limit that the call exceeded.
    pub(super) fn limit(&self) -> Option<&'static str> {
        self.limit
    }

    pub(super) fn status(&self) -> u16 {
        self.status
    }

    pub(super) fn body(&self) -> Value {
        json!({ "error": self.members })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn error_body_has_type_code_param_and_message() {
        let error = StripeError::missing("payment_intent", "pi_1", "intent");
        assert_eq!(error.status(), 404);
        let body = error.body();
        assert_eq!(body["error"]["type"], "invalid_request_error");
        assert_eq!(body["error"]["code"], "resource_missing");
        assert_eq!(body["error"]["param"], "intent");
        assert_eq!(body["error"]["message"], "No such payment_intent: 'pi_1'");
    }
}
