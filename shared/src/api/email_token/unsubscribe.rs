//! Unsubscribe tokens, which let the recipient of a notification turn it off without logging in.
//!
//! A token names the account and the topic. It can be used any number of times and does not expire, because
//! the link of an old e-mail must work as well; all it can do is to turn off one kind of e-mail.

use super::{EmailTokenError, EmailTokens, MAX_TOKEN};
use crate::domain::user::UserId;
use crate::domain::user::notifications::{Topic, Unsubscribe};

/// Purpose, which is part of the MAC.
const UNSUBSCRIBE: &str = "unsubscribe";

impl EmailTokens {
    /// Issues a token that turns off the notifications of `topic` for the account.
    #[must_use]
    pub fn to_unsubscribe(&self, user_id: UserId, topic: Topic) -> String {
        let (id, topic): (_, &str) = (user_id.to_string(), topic.into());
        let mac = self.0.mac(UNSUBSCRIBE, &[id.as_bytes(), topic.as_bytes()]);
        format!("{id}.{topic}.{mac}")
    }

    /// Verifies an unsubscribe token and returns the command that it permits.
    ///
    /// # Errors
    /// [`EmailTokenError::Invalid`] if the token is malformed or forged.
    pub fn unsubscribes(&self, token: &str) -> Result<Unsubscribe, EmailTokenError> {
        let [id, topic, mac] = *token.splitn(4, '.').collect::<Vec<_>>() else {
            return Err(EmailTokenError::Invalid);
        };
        let is_valid =
            token.len() <= MAX_TOKEN && self.0.verify(UNSUBSCRIBE, &[id.as_bytes(), topic.as_bytes()], mac);
        match (is_valid, id.parse(), topic.parse()) {
            (true, Ok(user_id), Ok(topic)) => Ok(Unsubscribe { user_id, topic }),
            _ => Err(EmailTokenError::Invalid),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kit::auth::hmac_key::HmacKey;

    const USER: &str = "usr_01J8Z3K5V0ABCDEFGHJKMNPQRS";

    #[test]
    fn unsubscribe_token_names_account_and_topic() {
        let tokens = EmailTokens(HmacKey::new(&[1; 32]));
        let token = tokens.to_unsubscribe(USER.parse().unwrap(), Topic::Sales);
        assert!(token.starts_with(&format!("{USER}.sales.")), "{token}");
        let Unsubscribe { user_id, topic } = tokens.unsubscribes(&token).unwrap();
        assert_eq!((user_id.to_string().as_str(), topic), (USER, Topic::Sales));
    }

    #[test]
    fn forged_unsubscribe_token_is_rejected() {
        let tokens = EmailTokens(HmacKey::new(&[1; 32]));
        let token = tokens.to_unsubscribe(USER.parse().unwrap(), Topic::Sales);
        let other_user = token.replace("PQRS.", "PQRT.");
        let other_topic = token.replace(".sales.", ".orders.");
        let other_key =
            EmailTokens(HmacKey::new(&[2; 32])).to_unsubscribe(USER.parse().unwrap(), Topic::Sales);
        let longer = format!("{token}.x");
        for forged in ["", "x", "..", &other_user, &other_topic, &other_key, &longer] {
            assert_eq!(tokens.unsubscribes(forged).err(), Some(EmailTokenError::Invalid), "{forged}");
        }
    }
}
