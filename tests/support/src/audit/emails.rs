//! E-mails: one for each change that requires one, and a second only if the outcome of the first is unknown.

use std::collections::BTreeMap;

use local::services::ses::Email;
use serde_json::Value;
use shared::domain::order::{Order, OrderStatus, Party};
use shared::domain::user::User;
use shared::kit::aws::dynamodb::write::outbox::OutboxEvent;
use shared::kit::system::clock::Timestamp;
use shared::messaging::dead_letter::{DeadLetter, DeadLetterStatus};
use shared::messaging::email_dispatch::{DispatchId, DispatchState, EmailDispatch, MAX_SENDS, Recipient};

use super::events::ever_written;
use super::{History, Invariant, Items, Violation};

/// Kinds of the e-mails that a recipient can turn off.
const NOTIFICATIONS: [&str; 2] = ["new-order", "sale-cancelled"];

pub(super) fn once(items: &Items, history: &History, emails: &[Email]) -> Vec<Violation> {
    let dispatches: BTreeMap<String, EmailDispatch> =
        items.of::<EmailDispatch>().map(|dispatch| (dispatch.id.to_string(), dispatch)).collect();
    let mut found = per_event(items, history, &dispatches);
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
    for email in emails {
        let kind = email.tags.get("kind").map_or("", String::as_str);
        let has_link = email.headers.contains_key("List-Unsubscribe");
        if has_link != NOTIFICATIONS.contains(&kind) {
            let expected = "an unsubscribe link in the e-mails that can be turned off, and in no others";
            found.push(Violation::new(Invariant::Outbox, kind, expected, format!("link: {has_link}")));
        }
    }
    found
}

/// Requirement of an e-mail about an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Requirement {
    /// An e-mail must be sent.
    Required,
    /// An e-mail may be sent or not: the decision depends on the time at which the event is consumed.
    Optional,
    /// No e-mail may be sent.
    Forbidden,
}

/// Entities that determine which e-mails are required.
struct State {
    orders: BTreeMap<String, Order>,
    users: BTreeMap<String, User>,
    /// Times at which each user turned notifications of sales on or off, oldest first.
    settings: BTreeMap<String, Vec<(Timestamp, bool)>>,
}

/// Compares the e-mail of each event and recipient with the requirement.
fn per_event(
    items: &Items,
    history: &History,
    dispatches: &BTreeMap<String, EmailDispatch>,
) -> Vec<Violation> {
    let settings = history.of::<User>().filter_map(|(_, versions, _)| {
        let id = versions.first()?.id.to_string();
        Some((id, versions.iter().map(|user| (user.updated_at, user.notifications.sales)).collect()))
    });
    let state = State {
        orders: items.of::<Order>().map(|order| (order.id.to_string(), order)).collect(),
        users: items.of::<User>().map(|user| (user.id.to_string(), user)).collect(),
        settings: settings.collect(),
    };
    // The message of a dead letter whose removal an operator has decided is no longer in it.
    let removed = history.of::<DeadLetter>().filter_map(|(_, versions, _)| {
        let is_removed = versions.last().is_some_and(|last| last.status == DeadLetterStatus::Removed);
        versions.into_iter().next().filter(|_| is_removed)
    });
    let dead_letters: Vec<DeadLetter> = items.of::<DeadLetter>().chain(removed).collect();
    let mut found = Vec::new();
    for event in ever_written(history) {
        let is_dead_lettered =
            || dead_letters.iter().any(|dead_letter| dead_letter.body.contains(event.event_id.as_str()));
        for recipient in [Recipient::Buyer, Recipient::Seller] {
            let id = DispatchId::new(&event.event_id, recipient).to_string();
            let is = |state| dispatches.get(&id).is_some_and(|dispatch| dispatch.state == state);
            let is_sent = is(DispatchState::Sent);
            // Only e-mails about accounts have an allowance.
            let is_suppressed = is(DispatchState::Suppressed) && event.event.starts_with("user.");
            let expected = match state.requirement(&event, recipient) {
                Requirement::Required if !is_sent && !is_suppressed && !is_dead_lettered() => {
                    "an e-mail is sent"
                }
                Requirement::Forbidden if is_sent => "no e-mail is sent",
                _ => continue,
            };
            let was = format!("{:?}", dispatches.get(&id).map(|dispatch| dispatch.state));
            found.push(Violation::new(Invariant::Outbox, &id, expected, was));
        }
    }
    found
}

impl State {
    fn requirement(&self, event: &OutboxEvent, recipient: Recipient) -> Requirement {
        let id = event.event_id.as_str();
        let subject = id.rsplit_once('.').map_or(id, |(subject, _)| subject);
        match (recipient, event.event.as_str()) {
            (Recipient::Seller, name) => self.requirement_of_seller(name, subject, event),
            (_, "user.registered" | "user.invited") => match self.users.get(subject) {
                Some(user) if !user.email_verified => Requirement::Required,
                _ => Requirement::Optional,
            },
            (_, "user.email_change_requested" | "user.email_changed" | "user.password_reset_requested") => {
                Requirement::Optional
            }
            // Checked with the jobs.
            (_, name) if name.starts_with("job.") => Requirement::Optional,
            (_, "order.confirmed") if !self.is_to_be_fulfilled(subject) => Requirement::Optional,
            (
                _,
                "order.created"
                | "order.confirmed"
                | "order.rejected"
                | "order.cancelled"
                | "order.expired"
                | "order.shipped"
                | "order.delivered"
                | "order.refunded"
                | "order.partially_refunded",
            ) => {
                let buyer = self.orders.get(subject).map(|order| order.buyer_id.to_string());
                if buyer.is_some_and(|id| self.users.contains_key(&id)) {
                    Requirement::Required
                } else {
                    Requirement::Optional
                }
            }
            // A redriven dead letter has the id of another event.
            (_, name) if name.starts_with("dead_letter.") => Requirement::Optional,
            _ => Requirement::Forbidden,
        }
    }

    /// Returns true if nothing has ended the order since its confirmation.
    fn is_to_be_fulfilled(&self, order: &str) -> bool {
        let order = self.orders.get(order);
        order.is_some_and(|order| !matches!(order.status, OrderStatus::Cancelled | OrderStatus::Refunded))
    }

    fn requirement_of_seller(&self, event: &str, subject: &str, written: &OutboxEvent) -> Requirement {
        let Some(order) = self.orders.get(subject) else { return Requirement::Forbidden };
        let seller = order.seller_id.to_string();
        let entry = |status| order.timeline.iter().find(|entry| entry.status == status);
        let is_due = match event {
            "order.refund_failed" | "order.confirmed" => true,
            "order.cancelled" => {
                let by_buyer = entry(OrderStatus::Cancelled).is_some_and(|entry| entry.by != Party::Seller);
                by_buyer && entry(OrderStatus::Confirmed).is_some()
            }
            _ => false,
        };
        if !is_due {
            return Requirement::Forbidden;
        }
        if !self.users.contains_key(&seller) {
            return Requirement::Optional;
        }
        if event == "order.refund_failed" {
            return Requirement::Required;
        }
        let requirement = self.requirement_by_setting(&seller, occurred_at(written));
        // The e-mail asks for the shipment, so it is not sent if the order was shipped or ended before.
        let is_over = event == "order.confirmed" && order.status != OrderStatus::Confirmed;
        let may_be_late = is_over && requirement == Requirement::Required;
        if may_be_late { Requirement::Optional } else { requirement }
    }

    /// Requirement of a notification about a sale at this time. A later change of the setting counts only if
    /// the event is consumed after it, so the e-mail is then optional.
    fn requirement_by_setting(&self, seller: &str, at: Option<Timestamp>) -> Requirement {
        let changes = self.settings.get(seller).map_or(&[][..], Vec::as_slice);
        let before = changes.iter().rfind(|(changed, _)| at.is_some_and(|at| *changed < at));
        let current = before.map(|(_, on)| *on);
        let changed_later =
            changes.iter().any(|(changed, on)| at.is_none_or(|at| *changed >= at) && Some(*on) != current);
        match current {
            _ if changed_later => Requirement::Optional,
            Some(true) => Requirement::Required,
            Some(false) => Requirement::Forbidden,
            None => Requirement::Optional,
        }
    }
}

/// Time of the decision that caused the event.
fn occurred_at(event: &OutboxEvent) -> Option<Timestamp> {
    let body: Value = serde_json::from_str(&event.body).ok()?;
    body["occurredAt"].as_str()?.parse().ok()
}
