//! In-process use of the sandbox: without sockets and background tasks. The caller takes the webhooks and
//! delivers them.

use bytes::Bytes;
use http::{Request, StatusCode};

use super::Sandbox;
use super::http::read;
use super::webhook::Scope;

/// Response of the sandbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// Status code.
    pub status: StatusCode,
    /// Body as JSON.
    pub body: String,
    /// True if the response was replayed for an idempotency key.
    pub replayed: bool,
}

impl Sandbox {
    /// Processes a request in the caller's task. `None` if a fault rule closes the connection.
    pub async fn call(&self, request: Request<Bytes>) -> Option<Response> {
        let (parts, body) = request.into_parts();
        let reply = self.handle_inline(read(parts, Ok(body))).await;
        let status = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let replayed = reply.original_request.is_some();
        (!reply.dropped).then_some(Response { status, body: reply.body, replayed })
    }

    /// Takes the pending webhooks in the order of their due times. The caller delivers them to the URL that
    /// was [set](Self::set_webhook_url), or, if they have an `account`, to that of
    /// [connected accounts](Self::set_connect_webhook). Outside a Tokio runtime, the sandbox does not send
    /// webhooks itself.
    #[must_use]
    pub fn take_webhooks(&self) -> Vec<String> {
        let taken = self.lock().outbox.take(Scope::All, self.inner.clock.now());
        taken.into_iter().map(|delivery| delivery.event.payload).collect()
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;

    use super::*;

    #[test]
    fn call_without_runtime_leaves_its_webhook_to_the_caller() {
        let sandbox = Sandbox::in_memory("sk_test_1", "whsec_1");
        sandbox.set_webhook_url(Some("http://nowhere".to_owned()));
        let form =
            "amount=1999&currency=eur&payment_method=pm_card_visa&confirm=true&payment_method_types[]=card";
        let request = Request::post("/v1/payment_intents").header("authorization", "Bearer sk_test_1");
        let request = request.body(Bytes::from(form)).unwrap();
        let response = sandbox.call(request).now_or_never().unwrap().unwrap();
        assert_eq!((response.status, response.replayed), (StatusCode::OK, false), "{response:?}");
        let webhooks = sandbox.take_webhooks();
        assert!(webhooks.len() == 1 && webhooks[0].contains("payment_intent.succeeded"), "{webhooks:?}");
        assert!(sandbox.take_webhooks().is_empty(), "each webhook is taken once");
    }
}
