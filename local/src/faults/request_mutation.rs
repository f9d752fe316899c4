//! Seeded bugs: the requests of a function are changed as if a guard were missing from its code. The tests
//! must detect the bug, which shows that they are able to fail.

use std::{fmt, sync::Arc};

use bytes::Bytes;
use http::HeaderMap;
use serde_json::Value;

use super::{Call, Service};

type Rewrite = dyn Fn(&mut HeaderMap, &mut Value) + Send + Sync;

/// Seeded bug that rewrites the requests of a function to a service.
#[derive(Clone)]
pub struct RequestMutation {
    function: String,
    service: Service,
    rewrite: Arc<Rewrite>,
}

impl RequestMutation {
    /// Creates a bug in `function` (or `*` for all functions) that rewrites headers and body of its requests
    /// to `service`. A body that is not JSON is passed as null and sent unchanged.
    pub fn new(
        function: impl Into<String>,
        service: Service,
        rewrite: impl Fn(&mut HeaderMap, &mut Value) + Send + Sync + 'static,
    ) -> Self {
        Self { function: function.into(), service, rewrite: Arc::new(rewrite) }
    }

    pub(super) fn matches(&self, call: &Call) -> bool {
        (self.function == "*" || self.function == call.function) && self.service == call.service
    }

    pub(super) fn apply(&self, headers: &mut HeaderMap, body: Bytes) -> Bytes {
        let mut value = serde_json::from_slice(&body).unwrap_or_default();
        (self.rewrite)(headers, &mut value);
        if value.is_null() { body } else { Bytes::from(value.to_string()) }
    }
}

impl fmt::Debug for RequestMutation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequestMutation")
            .field("function", &self.function)
            .field("service", &self.service)
            .finish_non_exhaustive()
    }
}
