//! E-mail notifications, which a user can turn off.

use std::convert::Infallible;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr};

use super::{User, UserEvent, UserId};
use crate::kit::command::{Change, Command, ReadSet};
use crate::kit::system::clock::Timestamp;

/// Notifications that the user receives by e-mail. E-mails about the user's own purchases and account, and
/// about failed refunds, are always sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Notifications {
    /// True if the user receives e-mails about sales: new orders, and cancellations of orders by buyers.
    pub sales: bool,
}

impl Default for Notifications {
    fn default() -> Self {
        Self { sales: true }
    }
}

/// Changes to the notifications; `None` leaves a topic unchanged.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct NotificationChanges {
    /// New value of [`Notifications::sales`].
    pub sales: Option<bool>,
}

impl NotificationChanges {
    pub(super) fn applied_to(self, notifications: Notifications) -> Notifications {
        Notifications { sales: self.sales.unwrap_or(notifications.sales) }
    }
}

/// Topic of notifications.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum Topic {
    /// Sales of the user's markets.
    Sales,
}

impl Notifications {
    /// Returns true if the user receives notifications of the topic.
    #[must_use]
    pub const fn includes(&self, topic: Topic) -> bool {
        match topic {
            Topic::Sales => self.sales,
        }
    }

    const fn without(mut self, topic: Topic) -> Self {
        match topic {
            Topic::Sales => self.sales = false,
        }
        self
    }
}

/// Turns off the notifications of a topic, on behalf of the recipient of such a notification.
#[derive(Debug, Clone, Copy)]
pub struct Unsubscribe {
    /// Id of the account.
    pub user_id: UserId,
    /// Topic to turn off.
    pub topic: Topic,
}

impl Command for Unsubscribe {
    type State = Option<User>;
    type Output = ();
    type Error = Infallible;

    fn reads(&self) -> ReadSet<Self::State> {
        ReadSet::get(&self.user_id)
    }

    /// Changes nothing if the notifications are off already, or if the account was deleted.
    fn decide(&self, user: Self::State, now: Timestamp) -> Result<Change<(), Infallible>, Infallible> {
        let Some(user) = user.filter(|user| user.notifications.includes(self.topic)) else {
            return Ok(Change::of(()));
        };
        let notifications = user.notifications.without(self.topic);
        let changed = User { version: user.version.next(), notifications, updated_at: now, ..user };
        Ok(Change::of(()).save(&changed, UserEvent::Changed { user_id: changed.id }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::tests::{at, decide, third, user};

    #[test]
    fn unsubscribing_twice_changes_the_account_once() {
        let command = Unsubscribe { user_id: user().id, topic: Topic::Sales };
        let decided = decide(&command, Some(user()), at(7));
        let expected = User {
            version: third().next(),
            notifications: Notifications { sales: false },
            updated_at: at(7),
            ..user()
        };
        assert_eq!(decided.stored::<User>(), expected);
        assert_eq!(decided.events(), [("user.changed", expected.version)]);
        for state in [Some(expected), None] {
            decide(&command, state, at(8)).assert_unchanged();
        }
    }

    #[test]
    fn notifications_are_on_by_default() {
        let parsed: Notifications = serde_json::from_str("{}").unwrap();
        assert_eq!(parsed, Notifications { sales: true });
        assert!(parsed.includes(Topic::Sales) && !parsed.without(Topic::Sales).includes(Topic::Sales));
    }
}
