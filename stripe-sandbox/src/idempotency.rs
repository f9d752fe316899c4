//! Idempotency keys, see <https://docs.stripe.com/api/idempotent_requests>.
//!
//! The first answer of an endpoint is kept for 24 hours, also when it is a decline or a 500. A key belongs to the
//! account: at another endpoint, or with other parameters, it is refused.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::clock;
use super::error::StripeError;

const KEPT: Duration = Duration::from_hours(24);
const LONGEST_KEY: usize = 255;

/// The first answer to a key.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StoredAnswer {
    pub(super) key: String,
    pub(super) endpoint: String,
    /// The parameters of the call.
    pub(super) fingerprint: String,
    pub(super) status: u16,
    pub(super) body: String,
    pub(super) request_id: String,
    pub(super) at: Timestamp,
}

/// A call with a key.
#[derive(Clone, Debug)]
pub(super) struct KeyedCall {
    pub(super) key: String,
    pub(super) endpoint: String,
    pub(super) fingerprint: String,
}

/// What to do with a call.
pub(super) enum Admission {
    /// The key is taken for this call until it is stored or released.
    Execute,
    Replay(StoredAnswer),
}

/// The keys of the account.
#[derive(Default)]
pub(super) struct Keys {
    stored: HashMap<String, StoredAnswer>,
    running: HashSet<String>,
}

impl Keys {
    pub(super) fn admit(&mut self, call: &KeyedCall, now: Timestamp) -> Result<Admission, StripeError> {
        if call.key.chars().count() > LONGEST_KEY {
            return Err(StripeError::invalid("Idempotency keys are up to 255 characters long."));
        }
        if self.running.contains(&call.key) {
            return Err(in_use(&call.key));
        }
        if let Some(answer) = self.stored.get(&call.key).filter(|answer| clock::after(answer.at, KEPT) > now)
        {
            check(answer, call)?;
            return Ok(Admission::Replay(answer.clone()));
        }
        self.running.insert(call.key.clone());
        Ok(Admission::Execute)
    }

    /// Gives the key back unused: nothing was executed under it.
    pub(super) fn release(&mut self, key: &str) {
        self.running.remove(key);
    }

    pub(super) fn store(&mut self, answer: StoredAnswer) {
        self.running.remove(&answer.key);
        self.stored.insert(answer.key.clone(), answer);
    }
}

fn check(answer: &StoredAnswer, call: &KeyedCall) -> Result<(), StripeError> {
    let (key, first, now) = (&call.key, &answer.endpoint, &call.endpoint);
    let message = if first != now {
        format!(
            "Keys for idempotent requests can only be used for the same endpoint they were first used for \
             ('{now}' vs '{first}'). Try using a key other than '{key}' if you meant to execute a different request."
        )
    } else if answer.fingerprint != call.fingerprint {
        format!(
            "Keys for idempotent requests can only be used with the same parameters they were first used with. \
             Try using a key other than '{key}' if you meant to execute a different request."
        )
    } else {
        return Ok(());
    };
    Err(StripeError::new(400, "idempotency_error", message))
}

fn in_use(key: &str) -> StripeError {
    let message = format!(
        "There is currently another in-progress request using this Idempotent Key (that probably means you \
         submitted twice, and the other request is still going through): {key}. Please try again later."
    );
    StripeError::new(409, "idempotency_error", message).code("idempotency_key_in_use")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(endpoint: &str, fingerprint: &str) -> KeyedCall {
        KeyedCall { key: "k".to_owned(), endpoint: endpoint.to_owned(), fingerprint: fingerprint.to_owned() }
    }

    fn stored() -> Keys {
        let mut keys = Keys::default();
        let call = call("/v1/refunds", "a");
        assert!(matches!(keys.admit(&call, Timestamp::UNIX_EPOCH), Ok(Admission::Execute)));
        keys.store(StoredAnswer {
            key: call.key,
            endpoint: call.endpoint,
            fingerprint: call.fingerprint,
            status: 200,
            body: "{}".to_owned(),
            request_id: "req_1".to_owned(),
            at: Timestamp::UNIX_EPOCH,
        });
        keys
    }

    #[test]
    fn a_key_is_bound_to_its_endpoint_and_parameters() {
        let mut keys = stored();
        let now = Timestamp::UNIX_EPOCH;
        assert!(matches!(keys.admit(&call("/v1/refunds", "a"), now), Ok(Admission::Replay(_))));
        for other in [call("/v1/refunds", "b"), call("/v1/payment_intents", "a")] {
            let error = keys.admit(&other, now).err().unwrap();
            assert_eq!((error.status(), &error.body()["error"]["type"]), (400, &"idempotency_error".into()));
        }
    }

    #[test]
    fn a_key_is_forgotten_after_a_day() {
        let mut keys = stored();
        let later = clock::after(Timestamp::UNIX_EPOCH, KEPT);
        assert!(matches!(keys.admit(&call("/v1/refunds", "b"), later), Ok(Admission::Execute)));
    }

    #[test]
    fn a_running_key_is_in_use_until_it_is_released() {
        let mut keys = Keys::default();
        let call = call("/v1/refunds", "a");
        keys.admit(&call, Timestamp::UNIX_EPOCH).ok().unwrap();
        assert_eq!(keys.admit(&call, Timestamp::UNIX_EPOCH).err().unwrap().status(), 409);
        keys.release("k");
        assert!(keys.admit(&call, Timestamp::UNIX_EPOCH).is_ok());
    }
}
