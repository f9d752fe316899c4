//! Fault rules, which make calls slow or failing, drop responses, or change webhooks.
//!
//! A rule selects calls (`operation`, and `nth`, `every` or `percent`), limits their number (`times`) and has
//! an `effect`. Calls with a valid API key are counted as they arrive, including idempotent replays. All
//! matching rules apply to a call; of several rules with the same effect, the oldest wins.
//!
//! Over HTTP, a rule is JSON, for example
//! `{"operation": "create", "nth": 1, "effect": {"charge_and_drop_response": {"answer": "close"}}}`.

mod operation;
mod plan;

use std::time::Duration;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::test_cards::DeclineCode;
pub use operation::Operation;
pub(super) use plan::{Plan, Rules, WebhookEffect};

/// Selection among the calls of the operation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum When {
    /// Every call.
    #[default]
    Always,
    /// Only the call with this number, counted from 1.
    Nth(u64),
    /// Every call whose number is a multiple: `Every(3)` selects the third, the sixth, …
    Every(u64),
    /// A percentage of the calls, selected by a random generator with this seed.
    Percent {
        /// Percentage from 0 to 100.
        percent: u8,
        /// Seed. The same seed selects the same calls.
        seed: u64,
    },
}

/// Effect of a rule on a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Effect {
    /// Delays the response. The call is processed even if the caller does not wait for it.
    Slow {
        /// Delay in milliseconds.
        ms: u64,
        /// Processes the call before or after the delay.
        #[serde(default)]
        work: WorkAt,
    },
    /// Fails with this status without processing the call. A 500 is stored under the idempotency key, because
    /// it represents a failure of the endpoint; other statuses are not stored
    /// (<https://docs.stripe.com/error-low-level#idempotency>).
    Fail {
        /// Status from 400 to 599.
        status: u16,
    },
    /// Processes the call, but drops the response.
    ChargeAndDropResponse {
        /// Replacement for the response.
        #[serde(default)]
        answer: DroppedResponse,
    },
    /// Declines the charge, regardless of the payment method.
    Decline {
        /// Decline code: `insufficient_funds`, `expired_card`, …
        code: DeclineCode,
    },
    /// Hides recent changes from search, as Stripe's search does
    /// (<https://docs.stripe.com/search#data-freshness>).
    SearchLag {
        /// Lag in milliseconds.
        ms: u64,
    },
    /// Delays the webhook of the call.
    WebhookDelay {
        /// Delay in milliseconds.
        ms: u64,
    },
    /// Sends the webhook of the call several times.
    WebhookDuplicate {
        /// Number of additional deliveries.
        copies: u32,
    },
    /// Sends the webhook of the call after the next one, or after five seconds if there is no next one.
    WebhookOutOfOrder,
    /// Does not send the webhook of the call.
    WebhookDrop,
}

/// Time at which a slow call is processed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WorkAt {
    /// After the delay. A caller that times out and retrieves the payment does not find it yet.
    #[default]
    End,
    /// Before the delay.
    Start,
}

/// Replacement for a dropped response.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum DroppedResponse {
    /// Closes the connection. The real response is stored under the idempotency key.
    #[default]
    #[serde(rename = "close")]
    Close,
    /// Responds with 500, which is also stored under the idempotency key. Only retrieving the intent shows
    /// the real result.
    #[serde(rename = "500")]
    InternalError,
}

/// Fault rule, created with [`Rule::on`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "RuleFields", into = "RuleFields")]
pub struct Rule {
    operation: Operation,
    when: When,
    times: Option<u32>,
    effect: Effect,
}

/// Invalid fault rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum InvalidRule {
    /// More than one of `nth`, `every`, `percent` is set.
    #[error("`nth`, `every` and `percent` are mutually exclusive")]
    TwoConditions,
    /// `nth` or `every` is 0.
    #[error("`nth` and `every` start at 1")]
    CountFromOne,
    /// The percentage is greater than 100.
    #[error("`percent` must be from 0 to 100")]
    NotAPercentage,
    /// `seed` is set without `percent`.
    #[error("`seed` requires `percent`")]
    SeedWithoutPercent,
    /// The status is not an error status.
    #[error("`status` must be from 400 to 599")]
    NotAFailure,
}

impl Rule {
    /// Creates a rule that applies `effect` to every call of `operation`.
    #[must_use]
    pub fn on(operation: Operation, effect: Effect) -> Self {
        Self { operation, when: When::Always, times: None, effect }
    }

    /// Restricts the rule to some of the calls.
    #[must_use]
    pub fn when(self, when: When) -> Self {
        Self { when, ..self }
    }

    /// Limits the number of calls that the rule applies to.
    #[must_use]
    pub fn times(self, times: u32) -> Self {
        Self { times: Some(times), ..self }
    }

    fn checked(self) -> Result<Self, InvalidRule> {
        match self.when {
            When::Nth(0) | When::Every(0) => return Err(InvalidRule::CountFromOne),
            When::Percent { percent: 101.., .. } => return Err(InvalidRule::NotAPercentage),
            _ => {}
        }
        match &self.effect {
            Effect::Fail { status } if !(400..600).contains(status) => Err(InvalidRule::NotAFailure),
            _ => Ok(self),
        }
    }
}

/// JSON representation of a rule.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RuleFields {
    #[serde(default)]
    operation: Operation,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    nth: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    every: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    percent: Option<u8>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    seed: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    times: Option<u32>,
    effect: Effect,
}

impl TryFrom<RuleFields> for Rule {
    type Error = InvalidRule;

    fn try_from(fields: RuleFields) -> Result<Self, InvalidRule> {
        let when = match (fields.nth, fields.every, fields.percent) {
            (None, None, None) => When::Always,
            (Some(nth), None, None) => When::Nth(nth),
            (None, Some(every), None) => When::Every(every),
            (None, None, Some(percent)) => When::Percent { percent, seed: fields.seed.unwrap_or_default() },
            _ => return Err(InvalidRule::TwoConditions),
        };
        if fields.seed.is_some() && fields.percent.is_none() {
            return Err(InvalidRule::SeedWithoutPercent);
        }
        Self { operation: fields.operation, when, times: fields.times, effect: fields.effect }.checked()
    }
}

impl From<Rule> for RuleFields {
    fn from(rule: Rule) -> Self {
        let (mut nth, mut every, mut percent, mut seed) = (None, None, None, None);
        match rule.when {
            When::Always => {}
            When::Nth(call) => nth = Some(call),
            When::Every(calls) => every = Some(calls),
            When::Percent { percent: rule_percent, seed: rule_seed } => {
                (percent, seed) = (Some(rule_percent), Some(rule_seed));
            }
        }
        Self { operation: rule.operation, nth, every, percent, seed, times: rule.times, effect: rule.effect }
    }
}

fn milliseconds(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse_error(json: &str) -> String {
        serde_json::from_str::<Rule>(json).unwrap_err().to_string()
    }

    #[test]
    fn rule_survives_a_json_round_trip() {
        let rule = Rule::on(Operation::Refund, Effect::Slow { ms: 20, work: WorkAt::Start })
            .when(When::Percent { percent: 30, seed: 4 })
            .times(2);
        let json = serde_json::to_string(&rule).unwrap();
        assert_eq!(serde_json::from_str::<Rule>(&json).unwrap(), rule);
    }

    #[test]
    fn unknown_fields_of_a_rule_are_refused_by_name() {
        assert!(parse_error(r#"{"effect": "webhook_drop", "oparation": "create"}"#).contains("`oparation`"));
        assert!(parse_error(r#"{"effect": {"slow": {"ms": 1, "jitter": 2}}}"#).contains("`jitter`"));
        assert!(parse_error(r#"{"effect": {"explode": {}}}"#).contains("`explode`"));
        assert!(parse_error(r#"{"effect": "webhook_drop", "operation": "buy"}"#).contains("`buy`"));
    }

    #[test]
    fn invalid_rules_are_refused() {
        assert!(parse_error(r#"{"effect": "webhook_drop", "nth": 1, "every": 2}"#).contains("exclusive"));
        assert!(parse_error(r#"{"effect": "webhook_drop", "nth": 0}"#).contains("at 1"));
        assert!(parse_error(r#"{"effect": "webhook_drop", "percent": 101}"#).contains("to 100"));
        assert!(parse_error(r#"{"effect": "webhook_drop", "seed": 1}"#).contains("`seed`"));
        assert!(parse_error(r#"{"effect": {"fail": {"status": 200}}}"#).contains("400"));
        assert!(parse_error(r#"{"effect": {"decline": {"code": "no"}}}"#).contains("insufficient_funds"));
    }
}
