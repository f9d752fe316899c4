//! Where the subscribers' queues are: the routing table of events, with addresses.

use crate::config::{ConfigError, Environment};
use crate::domain::subscriber::{Subscriber, subscribers};
use crate::relay::Routes;

/// The address of every subscriber's queue.
#[derive(Debug, Clone)]
pub struct Subscriptions(Vec<(Subscriber, String)>);

impl Subscriptions {
    /// # Errors
    /// [`ConfigError`] naming the variable.
    pub fn from_env(env: &Environment) -> Result<Self, ConfigError> {
        let address =
            |subscriber: &Subscriber| Ok((*subscriber, env.text(subscriber.queue_variable())?.to_owned()));
        Subscriber::ALL.iter().map(address).collect::<Result<_, _>>().map(Self)
    }

    /// The addresses of all queues.
    pub fn addresses(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(_, url)| url.as_str())
    }
}

impl Routes for Subscriptions {
    fn queues(&self, event: &str) -> Vec<&str> {
        let heard_by = subscribers(event);
        self.0
            .iter()
            .filter(|(subscriber, _)| heard_by.contains(subscriber))
            .map(|(_, url)| url.as_str())
            .collect()
    }
}

/// Whose dead-letter queue is which.
#[derive(Debug, Clone)]
pub struct DeadLetterQueues(Vec<(Subscriber, String)>);

impl DeadLetterQueues {
    /// # Errors
    /// [`ConfigError`] naming the variable.
    pub fn from_env(env: &Environment) -> Result<Self, ConfigError> {
        let name = |subscriber: &Subscriber| {
            let address = env.text(subscriber.dead_letters_variable())?;
            // The last part of a queue's address is its name, which is all that a message says of where it comes from.
            Ok((*subscriber, address.rsplit('/').next().unwrap_or(address).to_owned()))
        };
        Subscriber::ALL.iter().map(name).collect::<Result<_, _>>().map(Self)
    }

    /// Whose the dead-letter queue with this name is.
    #[must_use]
    pub fn owner(&self, name: &str) -> Option<Subscriber> {
        self.0.iter().find(|(_, known)| known == name).map(|(subscriber, _)| *subscriber)
    }
}
