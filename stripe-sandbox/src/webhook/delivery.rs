//! Delivery of webhooks, one at a time and in order.

use std::sync::{Arc, Weak};

use jiff::Timestamp;
use tracing::{error, warn};

use crate::Sandbox;
use crate::store::Commit;
use crate::webhook::{Delivery, Scope};

impl Sandbox {
    /// Spawns tasks that deliver due webhooks at each of `moments`, unless the sandbox has been dropped by
    /// then.
    pub(crate) fn schedule_delivery(&self, moments: Vec<Timestamp>) {
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

    /// Sends webhooks from the outbox one at a time, so that they arrive in order.
    pub(crate) async fn deliver(&self, scope: Scope) {
        let _guard = self.inner.sending.lock().await;
        let taken = self.lock().outbox.take(scope, self.inner.clock.now());
        for delivery in taken {
            self.send(delivery).await;
        }
    }

    async fn send(&self, delivery: Delivery) {
        let Some(endpoint) = self.lock().endpoint(delivery.event.destination()).cloned() else {
            return self.complete_delivery(delivery.event.id);
        };
        let sent =
            self.inner.webhook_sender.send(&endpoint, &delivery.event.payload, self.inner.clock.now()).await;
        let Err(reason) = sent else {
            return self.complete_delivery(delivery.event.id);
        };
        let event = delivery.event.id.clone();
        let retry = self.lock().outbox.retry(delivery, self.inner.clock.now());
        warn!(
            event_id = event.as_str(),
            url = endpoint.url,
            error = &reason as &dyn std::error::Error,
            will_retry = retry.is_some(),
            "failed to deliver webhook"
        );
        match retry {
            Some(due) => self.schedule_delivery(vec![due]),
            None => self.complete_delivery(event),
        }
    }

    /// Records that the event needs no further delivery, so that later runs do not send it either.
    fn complete_delivery(&self, event: String) {
        let commit = Commit { completed_delivery: Some(event), ..Commit::default() };
        if let Err(reason) = self.lock().commit(commit, &[], self.inner.clock.now()) {
            error!(error = &reason as &dyn std::error::Error, "failed to write the payment journal");
        }
    }
}
