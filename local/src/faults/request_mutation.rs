//! Bugs planted on purpose. A test that has never failed proves little; so the calls of a function are changed into
//! those that it would make if a guard were missing from its code, and the test must notice.

use std::{fmt, sync::Arc};

use bytes::Bytes;
use http::HeaderMap;
use serde_json::Value;

use super::{Call, Service};

type Rewrite = dyn Fn(&mut HeaderMap, &mut Value) + Send + Sync;

/// A bug: what it makes of the calls of a function to a service.
#[derive(Clone)]
pub struct RequestMutation {
    function: String,
    service: Service,
    rewrite: Arc<Rewrite>,
}

impl RequestMutation {
    /// A bug in `function` (or `*`) that changes headers and body of its calls to `service`. The body of a call that
    /// is no JSON is null, and stays as it is.
    pub fn new(
        function: impl Into<String>,
        service: Service,
        rewrite: impl Fn(&mut HeaderMap, &mut Value) + Send + Sync + 'static,
    ) -> Self {
        Self { function: function.into(), service, rewrite: Arc::new(rewrite) }
    }

    pub(super) fn concerns(&self, call: &Call) -> bool {
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
        f.debug_struct("Plant")
            .field("function", &self.function)
            .field("service", &self.service)
            .finish_non_exhaustive()
    }
}
