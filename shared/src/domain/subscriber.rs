//! Who hears of what: the one routing table of events.

/// A queue whose consumer subscribes to events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Subscriber {
    /// The order saga.
    Fulfilment,
    /// What is counted: lengths of lists, volumes, sales.
    Analytics,
    /// What people are written.
    Emails,
}

impl Subscriber {
    /// Every subscriber.
    pub const ALL: &'static [Self] = &[Self::Fulfilment, Self::Analytics, Self::Emails];

    /// The environment variable that holds the address of its queue.
    #[must_use]
    pub const fn queue_variable(self) -> &'static str {
        match self {
            Self::Fulfilment => "AGORA_FULFILMENT_QUEUE_URL",
            Self::Analytics => "AGORA_ANALYTICS_QUEUE_URL",
            Self::Emails => "AGORA_EMAILS_QUEUE_URL",
        }
    }
}

/// The subscribers of an event, by its name. An event without any is not stored.
#[must_use]
pub fn subscribers(event: &str) -> &'static [Subscriber] {
    match event {
        "order.created" | "order.cancelled" => &[Subscriber::Fulfilment, Subscriber::Analytics],
        "order.refunding" => &[Subscriber::Fulfilment],
        "order.confirmed" | "order.expired" | "order.shipped" | "order.repaid" | "order.refunded"
        | "user.registered" | "user.email_changed" => &[Subscriber::Analytics, Subscriber::Emails],
        // Both are heard, so that it takes the same to ask for an address that nobody has.
        "user.password_reset_requested" | "user.password_reset_in_vain" => &[Subscriber::Emails],
        "order.awaiting_payment"
        | "order.rejected"
        | "order.delivered"
        | "user.changed"
        | "user.deleted"
        | "market.created"
        | "market.changed"
        | "market.deleted"
        | "product.changed"
        | "product.deleted" => &[Subscriber::Analytics],
        _ => &[],
    }
}
