//! Bringing the webhooks to their address, one at a time and in order.

use std::sync::{Arc, Weak};

use jiff::Timestamp;
use tracing::{error, warn};

use super::Sandbox;
use super::webhook::{Delivery, Scope};
use crate::store::Commit;

impl Sandbox {
    /// Looks into the outbox at each of `moments`. A sandbox that is gone by then is left alone.
    pub(super) fn schedule_delivery(&self, moments: Vec<Timestamp>) {
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        for moment in moments {
            let (inner, clock) = (Arc::downgrade(&self.inner), self.inner.clock.clone());
            runtime.spawn(async move {
                clock.sleep_until(moment).await;
                if let Some(inner) = Weak::upgrade(&inner) {
                    Sandbox { inner }.deliver(Scope::Due).await;
                }
            });
        }
    }

    /// Sends what the outbox holds. One at a time, so that the order of arrival is the order asked for.
    pub(super) async fn deliver(&self, scope: Scope) {
        let _turn = self.inner.sending.lock().await;
        let taken = self.lock().outbox.take(scope, self.inner.clock.now());
        for delivery in taken {
            self.send(delivery).await;
        }
    }

    async fn send(&self, delivery: Delivery) {
        let Some(url) = self.lock().webhook_url.clone() else {
            return self.settle(delivery.event.id);
        };
        let sent = self.inner.post.send(&url, &delivery.event.payload, self.inner.clock.now()).await;
        let Err(reason) = sent else {
            return self.settle(delivery.event.id);
        };
        let event = delivery.event.id.clone();
        let retry = self.lock().outbox.retry(delivery, self.inner.clock.now());
        warn!(
            event,
            url,
            error = &reason as &dyn std::error::Error,
            given_up = retry.is_none(),
            "webhook not delivered"
        );
        match retry {
            Some(due) => self.schedule_delivery(vec![due]),
            None => self.settle(event),
        }
    }

    /// The event needs no more sending, not even by a later run.
    fn settle(&self, event: String) {
        let commit = Commit { settled: Some(event), ..Commit::default() };
        if let Err(reason) = self.lock().commit(commit, &[], self.inner.clock.now()) {
            error!(error = &reason as &dyn std::error::Error, "the payment journal cannot be written");
        }
    }
}
