//! Queue of pending webhooks.

use std::time::Duration;

use jiff::Timestamp;

use super::Event;
use crate::clock;
use crate::fault_rules::WebhookEffect;

/// Time after which a webhook that waits for the next one is sent in any case.
const OUT_OF_ORDER_WAIT: Duration = Duration::from_secs(5);

/// Delays before the retries of a failed delivery. They are shorter than Stripe's, which retries for three
/// days (<https://docs.stripe.com/webhooks#automatic-retries>).
const RETRY_DELAYS: [Duration; 5] = [
    Duration::from_secs(1),
    Duration::from_secs(5),
    Duration::from_secs(30),
    Duration::from_mins(2),
    Duration::from_mins(10),
];

/// Pending webhook.
#[derive(Clone, Debug)]
pub(crate) struct Delivery {
    pub(crate) event: Event,
    due: Timestamp,
    sequence: u64,
    failures: usize,
    held: bool,
}

/// Selection of webhooks to take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scope {
    Due,
    All,
}

/// Pending webhooks.
#[derive(Default)]
pub(crate) struct Outbox {
    queue: Vec<Delivery>,
    sequence: u64,
}

impl Outbox {
    /// Queues an event, and returns the times at which the queue is to be checked.
    pub(crate) fn put(&mut self, event: &Event, effects: &[WebhookEffect], now: Timestamp) -> Vec<Timestamp> {
        let delay = effects.iter().find_map(|effect| match effect {
            WebhookEffect::Delay(delay) => Some(*delay),
            _ => None,
        });
        let copies = effects
            .iter()
            .map(|effect| if let WebhookEffect::Duplicate(copies) = effect { *copies } else { 0 });
        let due = clock::after(now, delay.unwrap_or_default());
        // At most one webhook is held at a time; the next one is sent before it, even if it is out of order,
        // too.
        let held =
            effects.contains(&WebhookEffect::OutOfOrder) && !self.queue.iter().any(|delivery| delivery.held);
        let first_due = if held { clock::after(due, OUT_OF_ORDER_WAIT) } else { due };
        self.push(event.clone(), first_due, held);
        if !held {
            self.release_held(due);
        }
        for _ in 0..copies.sum() {
            self.push(event.clone(), due, false);
        }
        vec![first_due, due]
    }

    fn push(&mut self, event: Event, due: Timestamp, held: bool) {
        let sequence = self.next_sequence();
        self.queue.push(Delivery { event, due, sequence, failures: 0, held });
    }

    /// Schedules the held webhook right after the one that is due then.
    fn release_held(&mut self, due: Timestamp) {
        let sequence = self.next_sequence();
        for held in self.queue.iter_mut().filter(|delivery| delivery.held) {
            (held.held, held.due, held.sequence) = (false, due, sequence);
        }
    }

    fn next_sequence(&mut self) -> u64 {
        self.sequence += 1;
        self.sequence
    }

    /// Takes webhooks from the queue, in the order in which they are to be sent.
    pub(crate) fn take(&mut self, scope: Scope, now: Timestamp) -> Vec<Delivery> {
        let selected = |delivery: &mut Delivery| scope == Scope::All || delivery.due <= now;
        let mut taken: Vec<_> = self.queue.extract_if(.., selected).collect();
        taken.sort_by_key(|delivery| (delivery.due, delivery.sequence));
        taken
    }

    /// Queues a failed delivery again, and returns when it is due. `None` if the retries are exhausted.
    pub(crate) fn retry(&mut self, mut failed: Delivery, now: Timestamp) -> Option<Timestamp> {
        let delay = RETRY_DELAYS.get(failed.failures)?;
        failed.failures += 1;
        failed.held = false;
        failed.due = clock::after(now, *delay);
        let due = failed.due;
        self.queue.push(failed);
        Some(due)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(id: &str) -> Event {
        Event { id: id.to_owned(), payload: String::new(), account: None }
    }

    fn second(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn order(outbox: &mut Outbox, scope: Scope, now: Timestamp) -> Vec<String> {
        outbox.take(scope, now).into_iter().map(|delivery| delivery.event.id).collect()
    }

    #[test]
    fn delayed_webhook_is_taken_when_due() {
        let mut outbox = Outbox::default();
        outbox.put(&event("a"), &[WebhookEffect::Delay(Duration::from_secs(9))], second(0));
        outbox.put(&event("b"), &[], second(0));
        assert_eq!(order(&mut outbox, Scope::Due, second(0)), ["b"]);
        assert_eq!(order(&mut outbox, Scope::Due, second(8)), [""; 0]);
        assert_eq!(order(&mut outbox, Scope::Due, second(9)), ["a"]);
    }

    #[test]
    fn out_of_order_webhook_follows_the_next_one_or_times_out() {
        let mut outbox = Outbox::default();
        outbox.put(&event("a"), &[WebhookEffect::OutOfOrder], second(0));
        assert_eq!(order(&mut outbox, Scope::Due, second(0)), [""; 0]);
        outbox.put(&event("b"), &[WebhookEffect::OutOfOrder], second(0));
        outbox.put(&event("c"), &[], second(0));
        assert_eq!(order(&mut outbox, Scope::Due, second(0)), ["b", "a", "c"]);
        outbox.put(&event("d"), &[WebhookEffect::OutOfOrder], second(0));
        assert_eq!(order(&mut outbox, Scope::Due, second(5)), ["d"]);
    }

    #[test]
    fn duplicate_rule_queues_the_given_number_of_copies() {
        let mut outbox = Outbox::default();
        outbox.put(&event("a"), &[WebhookEffect::Duplicate(2)], second(0));
        assert_eq!(order(&mut outbox, Scope::All, second(0)), ["a", "a", "a"]);
    }

    #[test]
    fn failed_webhook_is_retried_and_finally_discarded() {
        let mut outbox = Outbox::default();
        outbox.put(&event("a"), &[], second(0));
        let mut now = second(0);
        for delay in RETRY_DELAYS {
            let failed = outbox.take(Scope::Due, now).remove(0);
            let due = outbox.retry(failed, now).unwrap();
            assert_eq!(due, clock::after(now, delay));
            now = due;
        }
        let failed = outbox.take(Scope::Due, now).remove(0);
        assert_eq!(outbox.retry(failed, now), None);
    }
}
