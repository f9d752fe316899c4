//! Fault rules of the mail catcher. Over HTTP, a rule is JSON like `{"effect": "throttle", "times": 3}`.

use serde::{Deserialize, Serialize};

/// Effect of a rule on a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// Fails with 429, as above the maximum sending rate, and sends nothing.
    Throttle,
    /// Fails with 429, as above the daily quota, and sends nothing.
    DailyQuota,
    /// Fails with 400, as if sending were paused, and sends nothing.
    Pause,
    /// Fails with 500 and sends nothing.
    Fail,
    /// Rejects the message with 400 and sends nothing.
    Reject,
    /// Sends the e-mail, then closes the connection without a response.
    DropResponse,
}

/// Fault rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Effect of the rule.
    pub effect: Effect,
    /// Number of calls that the rule still applies to.
    #[serde(default = "once")]
    pub times: u32,
}

const fn once() -> u32 {
    1
}

impl Rule {
    /// Creates a rule for the next call.
    #[must_use]
    pub const fn next(effect: Effect) -> Self {
        Self { effect, times: 1 }
    }

    /// Sets the number of calls that the rule applies to.
    #[must_use]
    pub const fn times(self, times: u32) -> Self {
        Self { times, ..self }
    }
}
