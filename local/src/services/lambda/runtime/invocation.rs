//! One invocation on its way through the host.

use bytes::Bytes;
use tokio::sync::oneshot;

use crate::services::lambda::{Invocation, InvokeError};

pub(super) type Answer = Result<Bytes, InvokeError>;

/// An invocation and the caller who waits for its answer.
pub(super) struct PendingInvocation {
    pub(super) invocation: Invocation,
    pub(super) reply: oneshot::Sender<Answer>,
}

impl PendingInvocation {
    /// Answers. A caller who has gone away does not hear it, as with Lambda.
    pub(super) fn answer(self, answer: Answer) {
        let _ = self.reply.send(answer);
    }
}
