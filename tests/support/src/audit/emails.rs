//! E-mails: one for each event that calls for one; twice at most, and only where nobody knows about the first.

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
        found.push(Violation::new(Invariant::Outbox, id, "an e-mail that is sent twice at most", was));
    }
    let known = dispatches.values().filter(|dispatch| dispatch.state == DispatchState::Sent).count();
    let most: usize = dispatches.values().map(|dispatch| dispatch.sends as usize).sum();
    if !(known..=most).contains(&emails.len()) {
        let expected = format!("{known} to {most} e-mails, as is on record");
        let was = format!("{} were sent", emails.len());
        found.push(Violation::new(Invariant::Outbox, "postbox", expected, was));
    }
    found
}

/// Events that call for an e-mail, to this day, of which none went out and none is among the dead letters.
fn missing(items: &Items, history: &History, dispatches: &BTreeMap<String, EmailDispatch>) -> Vec<Violation> {
    let orders: BTreeMap<String, OrderStatus> =
        items.of::<Order>().map(|order| (order.id.to_string(), order.status)).collect();
    let unverified: BTreeMap<String, bool> =
        items.of::<User>().map(|user| (user.id.to_string(), !user.email_verified)).collect();
    let buried: Vec<DeadLetter> = items.of::<DeadLetter>().collect();
    let calls_for_one = |event: &str, subject: &str| {
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
        let is_out = dispatches.get(id).is_some_and(|dispatch| dispatch.state == DispatchState::Sent);
        let is_buried = || buried.iter().any(|letter| letter.body.contains(id));
        if calls_for_one(&event.event, subject) && !is_out && !is_buried() {
            let was = format!("{:?}", dispatches.get(id).map(|dispatch| dispatch.state));
            found.push(Violation::new(Invariant::Outbox, id, "an e-mail that is out", was));
        }
    }
    found
}
