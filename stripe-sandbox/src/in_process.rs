//! The sandbox within a program of somebody else's: no socket, no task of its own, and no webhook that is sent by itself.

use bytes::Bytes;
use http::{Request, StatusCode};

use super::Sandbox;
use super::http::read;
use super::webhook::Scope;

/// An answer of the sandbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// The status.
    pub status: StatusCode,
    /// The body, as JSON.
    pub body: String,
    /// Whether it was stored under the idempotency key before.
    pub replayed: bool,
}

impl Sandbox {
    /// Answers a request in the caller's own task; with nothing where the connection would be closed.
    pub async fn call(&self, request: Request<Bytes>) -> Option<Response> {
        let (parts, body) = request.into_parts();
        let reply = self.answer_here(read(parts, Ok(body))).await;
        let status = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let replayed = reply.original_request.is_some();
        (!reply.lost).then_some(Response { status, body: reply.body, replayed })
    }

    /// Takes the webhooks that wait for being sent, in the order in which they are due: they are the caller's to bring to
    /// the address that was [set](Self::set_webhook_url). Outside of a Tokio runtime nobody else does.
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
    fn outside_of_a_runtime_a_call_is_answered_at_once_and_its_webhook_is_left_to_the_caller() {
        let sandbox = Sandbox::in_memory("sk_test_1", "whsec_1");
        sandbox.set_webhook_url(Some("http://nowhere".to_owned()));
        let form = "amount=1999&currency=eur&payment_method=pm_card_visa&confirm=true";
        let request = Request::post("/v1/payment_intents").header("authorization", "Bearer sk_test_1");
        let request = request.body(Bytes::from(form)).unwrap();
        let answered = sandbox.call(request).now_or_never().unwrap().unwrap();
        assert_eq!((answered.status, answered.replayed), (StatusCode::OK, false), "{answered:?}");
        let webhooks = sandbox.take_webhooks();
        assert!(webhooks.len() == 1 && webhooks[0].contains("payment_intent.succeeded"), "{webhooks:?}");
        assert!(sandbox.take_webhooks().is_empty(), "each is taken once");
    }
}
