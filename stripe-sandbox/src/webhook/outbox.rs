//! The queue of webhooks that are still to be sent.

use std::time::Duration;

use jiff::Timestamp;

use super::Event;
use crate::clock;
use crate::fault_rules::WebhookEffect;

/// How long a webhook waits for the next one, which it is to come after.
const HELD: Duration = Duration::from_secs(5);

/// The pauses before the attempts that follow a failed one. Stripe goes on for three days,
/// see <https://docs.stripe.com/webhooks#automatic-retries>; a developer has less patience.
const PAUSES: [Duration; 5] = [
    Duration::from_secs(1),
    Duration::from_secs(5),
    Duration::from_secs(30),
    Duration::from_mins(2),
    Duration::from_mins(10),
];

/// A webhook to be sent.
#[derive(Clone, Debug)]
pub(crate) struct Delivery {
    pub(crate) event: Event,
    due: Timestamp,
    sequence: u64,
    failures: usize,
    held: bool,
}

/// Which webhooks to take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scope {
    Due,
    All,
}

/// The webhooks that are still to be sent.
#[derive(Default)]
pub(crate) struct Outbox {
    queue: Vec<Delivery>,
    sequence: u64,
}

impl Outbox {
    /// Takes an event in, and says when to look again.
    pub(crate) fn put(&mut self, event: &Event, effects: &[WebhookEffect], now: Timestamp) -> Vec<Timestamp> {
        let delay = effects.iter().find_map(|effect| match effect {
            WebhookEffect::Delay(delay) => Some(*delay),
            _ => None,
        });
        let copies =
            effects.iter().map(|effect| if let WebhookEffect::Duplicate(more) = effect { *more } else { 0 });
        let due = clock::after(now, delay.unwrap_or_default());
        // Of two that are both to come late, the second is the one that the first comes after.
        let held =
            effects.contains(&WebhookEffect::OutOfOrder) && !self.queue.iter().any(|delivery| delivery.held);
        let first_due = if held { clock::after(due, HELD) } else { due };
        self.push(event.clone(), first_due, held);
        if !held {
            self.let_go(due);
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

    /// What waited for the webhook that is due then comes right after it.
    fn let_go(&mut self, due: Timestamp) {
        let sequence = self.next_sequence();
        for held in self.queue.iter_mut().filter(|delivery| delivery.held) {
            (held.held, held.due, held.sequence) = (false, due, sequence);
        }
    }

    fn next_sequence(&mut self) -> u64 {
        self.sequence += 1;
        self.sequence
    }

    /// Takes webhooks out, in the order in which they are to be sent.
    pub(crate) fn take(&mut self, scope: Scope, now: Timestamp) -> Vec<Delivery> {
        let wanted = |delivery: &mut Delivery| scope == Scope::All || delivery.due <= now;
        let mut taken: Vec<_> = self.queue.extract_if(.., wanted).collect();
        taken.sort_by_key(|delivery| (delivery.due, delivery.sequence));
        taken
    }

    /// Puts a failed one back, and says when it is due again; nothing when it has failed too often.
    pub(crate) fn retry(&mut self, mut failed: Delivery, now: Timestamp) -> Option<Timestamp> {
        let pause = PAUSES.get(failed.failures)?;
        failed.failures += 1;
        failed.held = false;
        failed.due = clock::after(now, *pause);
        let due = failed.due;
        self.queue.push(failed);
        Some(due)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(id: &str) -> Event {
        Event { id: id.to_owned(), payload: String::new() }
    }

    fn second(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn order(outbox: &mut Outbox, scope: Scope, now: Timestamp) -> Vec<String> {
        outbox.take(scope, now).into_iter().map(|delivery| delivery.event.id).collect()
    }

    #[test]
    fn a_delayed_one_comes_when_it_is_due() {
        let mut outbox = Outbox::default();
        outbox.put(&event("a"), &[WebhookEffect::Delay(Duration::from_secs(9))], second(0));
        outbox.put(&event("b"), &[], second(0));
        assert_eq!(order(&mut outbox, Scope::Due, second(0)), ["b"]);
        assert_eq!(order(&mut outbox, Scope::Due, second(8)), [""; 0]);
        assert_eq!(order(&mut outbox, Scope::Due, second(9)), ["a"]);
    }

    #[test]
    fn one_out_of_order_comes_after_the_next_or_alone_after_a_while() {
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
    fn copies_come_as_often_as_asked_for() {
        let mut outbox = Outbox::default();
        outbox.put(&event("a"), &[WebhookEffect::Duplicate(2)], second(0));
        assert_eq!(order(&mut outbox, Scope::All, second(0)), ["a", "a", "a"]);
    }

    #[test]
    fn a_failed_one_comes_back_later_and_is_given_up_in_the_end() {
        let mut outbox = Outbox::default();
        outbox.put(&event("a"), &[], second(0));
        let mut now = second(0);
        for pause in PAUSES {
            let failed = outbox.take(Scope::Due, now).remove(0);
            let due = outbox.retry(failed, now).unwrap();
            assert_eq!(due, clock::after(now, pause));
            now = due;
        }
        let failed = outbox.take(Scope::Due, now).remove(0);
        assert_eq!(outbox.retry(failed, now), None);
    }
}
