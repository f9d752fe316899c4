//! Misbehaviour on demand. Over HTTP a rule is JSON, like `{"effect": "throttle", "times": 3}`.

use serde::{Deserialize, Serialize};

/// What happens to a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// Nothing is sent: too many requests.
    Throttle,
    /// Nothing is sent: a failure of the service.
    Fail,
    /// Nothing is sent: the message is refused.
    Reject,
    /// The e-mail is sent, and the connection ends without an answer.
    DropResponse,
}

/// A rule of misbehaviour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// What happens.
    pub effect: Effect,
    /// To how many calls yet.
    #[serde(default = "once")]
    pub times: u32,
}

const fn once() -> u32 {
    1
}

impl Rule {
    /// Strikes the next call.
    #[must_use]
    pub const fn next(effect: Effect) -> Self {
        Self { effect, times: 1 }
    }

    /// Strikes so many calls.
    #[must_use]
    pub const fn times(self, times: u32) -> Self {
        Self { times, ..self }
    }
}
