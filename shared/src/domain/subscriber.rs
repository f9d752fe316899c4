//! Who hears of what: the one routing table of events.

/// A queue whose consumer subscribes to events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Subscriber {
    /// The order saga.
    Fulfilment,
}

impl Subscriber {
    /// Every subscriber.
    pub const ALL: &'static [Self] = &[Self::Fulfilment];

    /// The environment variable that holds the address of its queue.
    #[must_use]
    pub const fn queue_variable(self) -> &'static str {
        match self {
            Self::Fulfilment => "AGORA_FULFILMENT_QUEUE_URL",
        }
    }
}

/// The subscribers of an event, by its name. An event without any is not stored.
#[must_use]
pub fn subscribers(event: &str) -> &'static [Subscriber] {
    match event {
        "order.created" | "order.cancelled" | "order.refunding" => &[Subscriber::Fulfilment],
        _ => &[],
    }
}
