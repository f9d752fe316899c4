//! E-mails: one for each event that requires one, and a second only if the outcome of the first is unknown.

use std::collections::BTreeMap;

use local::services::ses::Email;
use shared::domain::order::{Order, OrderStatus};
use shared::domain::user::User;
use shared::messaging::dead_letter::DeadLetter;
use shared::messaging::email_dispatch::{DispatchState, EmailDispatch, MAX_SENDS};

use super::events::ever_written;
use super::{History, Invariant, Items, Violation};

pub(super) fn once(items: &Items, history: &History, emails: &[Email]) -> Vec<Violation> {
    let dispatches: BTreeMap<String, EmailDispatch> =
        items.of::<EmailDispatch>().map(|dispatch| (dispatch.id.to_string(), dispatch)).collect();
    let mut found = missing(items, history, &dispatches);
    for (id, dispatch) in dispatches.iter().filter(|(_, dispatch)| dispatch.sends > MAX_SENDS) {
        let was = format!("may have been sent {} times", dispatch.sends);
        found.push(Violation::new(Invariant::Outbox, id, "an e-mail is sent at most twice", was));
    }
    let sent = dispatches.values().filter(|dispatch| dispatch.state == DispatchState::Sent).count();
    let max: usize = dispatches.values().map(|dispatch| dispatch.sends as usize).sum();
    if !(sent..=max).contains(&emails.len()) {
        let expected = format!("{sent} to {max} e-mails, as recorded");
        let was = format!("{} e-mails were sent", emails.len());
        found.push(Violation::new(Invariant::Outbox, "mailbox", expected, was));
    }
    found
}

/// Finds events that still require an e-mail, of which none was sent or dead-lettered.
fn missing(items: &Items, history: &History, dispatches: &BTreeMap<String, EmailDispatch>) -> Vec<Violation> {
    let orders: BTreeMap<String, OrderStatus> =
        items.of::<Order>().map(|order| (order.id.to_string(), order.status)).collect();
    let unverified: BTreeMap<String, bool> =
        items.of::<User>().map(|user| (user.id.to_string(), !user.email_verified)).collect();
    let dead_letters: Vec<DeadLetter> = items.of::<DeadLetter>().collect();
    let requires_email = |event: &str, subject: &str| {
        let status = orders.get(subject).copied();
        match event {
            "user.registered" => unverified.get(subject) == Some(&true),
            "order.confirmed" => status == Some(OrderStatus::Confirmed),
            "order.shipped" => status == Some(OrderStatus::Shipped),
            "order.expired" => status == Some(OrderStatus::Expired),
            "order.refunded" => status == Some(OrderStatus::Refunded),
            _ => false,
        }
    };
    let mut found = Vec::new();
    for event in ever_written(history) {
        let id = event.event_id.as_str();
        let subject = id.rsplit_once('.').map_or(id, |(subject, _)| subject);
        let is_sent = dispatches.get(id).is_some_and(|dispatch| dispatch.state == DispatchState::Sent);
        let is_dead_lettered = || dead_letters.iter().any(|dead_letter| dead_letter.body.contains(id));
        if requires_email(&event.event, subject) && !is_sent && !is_dead_lettered() {
            let was = format!("{:?}", dispatches.get(id).map(|dispatch| dispatch.state));
            found.push(Violation::new(Invariant::Outbox, id, "an e-mail is sent", was));
        }
    }
    found
}
