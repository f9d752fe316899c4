//! Idempotency keys (<https://docs.stripe.com/api/idempotent_requests>).
//!
//! The first response of an endpoint is stored for 24 hours, also if it is a decline or a 500. Keys are
//! shared by the whole account: a key is rejected at another endpoint or with other parameters.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::clock;
use super::error::StripeError;

const KEY_TTL: Duration = Duration::from_hours(24);
const MAX_KEY_LENGTH: usize = 255;

/// First response to a call with an idempotency key.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StoredResponse {
    pub(super) key: String,
    pub(super) endpoint: String,
    /// Fingerprint of the parameters.
    pub(super) fingerprint: String,
    pub(super) status: u16,
    pub(super) body: String,
    pub(super) request_id: String,
    pub(super) at: Timestamp,
}

/// Call with an idempotency key.
#[derive(Clone, Debug)]
pub(super) struct KeyedCall {
    pub(super) key: String,
    pub(super) endpoint: String,
    pub(super) fingerprint: String,
}

/// Decision about a call with an idempotency key.
pub(super) enum Admission {
    /// Execute the call. The key is reserved until the response is stored or the key is released.
    Execute,
    Replay(StoredResponse),
}

/// Idempotency keys of the account.
#[derive(Default)]
pub(super) struct Keys {
    stored: HashMap<String, StoredResponse>,
    running: HashSet<String>,
}

impl Keys {
    pub(super) fn admit(&mut self, call: &KeyedCall, now: Timestamp) -> Result<Admission, StripeError> {
        if call.key.chars().count() > MAX_KEY_LENGTH {
            return Err(StripeError::invalid("Idempotency keys are up to 255 characters long."));
        }
        if self.running.contains(&call.key) {
            return Err(in_use(&call.key));
        }
        if let Some(response) =
            self.stored.get(&call.key).filter(|response| clock::after(response.at, KEY_TTL) > now)
        {
            check(response, call)?;
            return Ok(Admission::Replay(response.clone()));
        }
        self.running.insert(call.key.clone());
        Ok(Admission::Execute)
    }

    /// Releases the key of a call that was not executed.
    pub(super) fn release(&mut self, key: &str) {
        self.running.remove(key);
    }

    pub(super) fn store(&mut self, response: StoredResponse) {
        self.running.remove(&response.key);
        self.stored.insert(response.key.clone(), response);
    }
}

fn check(response: &StoredResponse, call: &KeyedCall) -> Result<(), StripeError> {
    let (key, first, now) = (&call.key, &response.endpoint, &call.endpoint);
    let message = if first != now {
        format!(
            "Keys for idempotent requests can only be used for the same endpoint they were first used for \
             ('{now}' vs '{first}'). Try using a key other than '{key}' if you meant to execute a different request."
        )
    } else if response.fingerprint != call.fingerprint {
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
        keys.store(StoredResponse {
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
    fn key_is_bound_to_its_endpoint_and_parameters() {
        let mut keys = stored();
        let now = Timestamp::UNIX_EPOCH;
        assert!(matches!(keys.admit(&call("/v1/refunds", "a"), now), Ok(Admission::Replay(_))));
        for other in [call("/v1/refunds", "b"), call("/v1/payment_intents", "a")] {
            let error = keys.admit(&other, now).err().unwrap();
            assert_eq!((error.status(), &error.body()["error"]["type"]), (400, &"idempotency_error".into()));
        }
    }

    #[test]
    fn key_expires_after_24_hours() {
        let mut keys = stored();
        let later = clock::after(Timestamp::UNIX_EPOCH, KEY_TTL);
        assert!(matches!(keys.admit(&call("/v1/refunds", "b"), later), Ok(Admission::Execute)));
    }

    #[test]
    fn key_of_a_running_call_is_in_use_until_released() {
        let mut keys = Keys::default();
        let call = call("/v1/refunds", "a");
        keys.admit(&call, Timestamp::UNIX_EPOCH).ok().unwrap();
        assert_eq!(keys.admit(&call, Timestamp::UNIX_EPOCH).err().unwrap().status(), 409);
        keys.release("k");
        assert!(keys.admit(&call, Timestamp::UNIX_EPOCH).is_ok());
    }
}
