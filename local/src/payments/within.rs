//! The sandbox within a program of somebody else's: no socket, no task of its own, and no webhook that is sent by itself.

use bytes::Bytes;
use http::{Request, StatusCode};

use super::Sandbox;
use super::http::read;
use super::webhook::Scope;

impl Sandbox {
    /// Answers a request in the caller's own task, with status and body; with nothing where the connection would be closed.
    pub async fn call(&self, request: Request<Bytes>) -> Option<(StatusCode, String)> {
        let (parts, body) = request.into_parts();
        let reply = self.answer_here(read(parts, Ok(body))).await;
        let status = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        (!reply.lost).then_some((status, reply.body))
    }

    /// Takes the webhooks that wait for being sent, in the order in which they are due: they are the caller's to bring to
    /// the address that was [set](Self::set_webhook_url). Outside of a Tokio runtime nobody else does.
    #[must_use]
    pub fn take_webhooks(&self) -> Vec<String> {
        let taken = self.lock().outbox.take(Scope::All, self.inner.clock.now());
        taken.into_iter().map(|delivery| delivery.event.payload).collect()
    }
}
