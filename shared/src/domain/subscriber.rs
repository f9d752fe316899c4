//! Who hears of what: the one routing table of events.

/// A queue whose consumer subscribes to events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Subscriber {
    /// The order saga.
    Fulfilment,
    /// What is counted: lengths of lists, volumes, sales.
    Analytics,
    /// What search finds.
    SearchIndex,
}

impl Subscriber {
    /// Every subscriber.
    pub const ALL: &'static [Self] = &[Self::Fulfilment, Self::Analytics, Self::SearchIndex];

    /// The environment variable that holds the address of its queue.
    #[must_use]
    pub const fn queue_variable(self) -> &'static str {
        match self {
            Self::Fulfilment => "AGORA_FULFILMENT_QUEUE_URL",
            Self::Analytics => "AGORA_ANALYTICS_QUEUE_URL",
            Self::SearchIndex => "AGORA_SEARCH_INDEX_QUEUE_URL",
        }
    }
}

/// The subscribers of an event, by its name. An event without any is not stored.
#[must_use]
pub fn subscribers(event: &str) -> &'static [Subscriber] {
    match event {
        "order.created" | "order.cancelled" => &[Subscriber::Fulfilment, Subscriber::Analytics],
        "order.refunding" => &[Subscriber::Fulfilment],
        "order.awaiting_payment"
        | "order.confirmed"
        | "order.rejected"
        | "order.expired"
        | "order.shipped"
        | "order.delivered"
        | "order.repaid"
        | "order.refunded"
        | "user.registered"
        | "user.changed"
        | "user.email_changed"
        | "user.deleted" => &[Subscriber::Analytics],
        "market.created" | "market.changed" | "market.deleted" | "product.changed" | "product.deleted" => {
            &[Subscriber::Analytics, Subscriber::SearchIndex]
        }
        _ => &[],
    }
}
