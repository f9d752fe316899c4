//! Invocation that waits for its result.

use bytes::Bytes;
use tokio::sync::oneshot;

use crate::services::lambda::{Invocation, InvokeError};

pub(super) type InvokeResult = Result<Bytes, InvokeError>;

/// Invocation and the channel to the caller that waits for the result.
pub(super) struct PendingInvocation {
    pub(super) invocation: Invocation,
    pub(super) reply: oneshot::Sender<InvokeResult>,
}

impl PendingInvocation {
    /// Sends the result. It is dropped if the caller does not wait any more, as with Lambda.
    pub(super) fn respond(self, result: InvokeResult) {
        let _ = self.reply.send(result);
    }
}
