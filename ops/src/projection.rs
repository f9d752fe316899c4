//! Projections that can be rebuilt from the event log.

use std::str::FromStr;

use shared::messaging::event_routing::Subscriber;

/// Projection that is rebuilt from events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Projection {
    /// Totals of lists and markets, and daily sales.
    Analytics,
    /// Search index and index of names.
    SearchIndex,
}

/// The queue is not the queue of a projection.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0} is not the queue of a projection: only analytics and search_index can be replayed")]
pub(crate) struct NoProjection(String);

impl FromStr for Projection {
    type Err = NoProjection;

    fn from_str(text: &str) -> Result<Self, NoProjection> {
        match text.parse() {
            Ok(Subscriber::Analytics) => Ok(Self::Analytics),
            Ok(Subscriber::SearchIndex) => Ok(Self::SearchIndex),
            // The messages of the other queues charge, refund, write e-mails and reports.
            _ => Err(NoProjection(text.to_owned())),
        }
    }
}

impl Projection {
    /// Queue that the consumer of the projection reads.
    pub(crate) const fn subscriber(self) -> Subscriber {
        match self {
            Self::Analytics => Subscriber::Analytics,
            Self::SearchIndex => Subscriber::SearchIndex,
        }
    }

    /// Name of the queue of a stack.
    pub(crate) fn queue_name(self, stack: &str) -> String {
        format!("{stack}-{}-queue", self.subscriber().to_string().replace('_', "-"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queue_of_a_consumer_with_other_effects_is_refused() {
        assert_eq!("analytics".parse(), Ok(Projection::Analytics));
        assert_eq!("search_index".parse(), Ok(Projection::SearchIndex));
        for refused in ["fulfilment", "emails", "reports", "urgent_reports", "everything"] {
            assert_eq!(refused.parse::<Projection>(), Err(NoProjection(refused.to_owned())));
        }
        assert_eq!(Projection::SearchIndex.queue_name("agora-prod"), "agora-prod-search-index-queue");
    }
}
