//! Misbehaviour on demand: rules that make the sandbox slow, failing, forgetful or late.
//!
//! A rule says on which calls (`operation`, and `nth`, `every` or `percent`), how often (`times`) and what happens
//! (`effect`). Calls are counted as they arrive with the right key, replays included. All rules that match a call
//! apply together; of two rules with the same effect the older one wins.
//!
//! Over HTTP a rule is JSON, for example
//! `{"operation": "create", "nth": 1, "effect": {"charge_and_lose_answer": {"answer": "close"}}}`.

mod plan;

use std::time::Duration;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::test_cards::DeclineCode;
pub(super) use plan::{Plan, Rules, WebhookEffect};

/// What a call does; the subject of a rule.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Operation {
    /// `POST /v1/payment_intents`
    Create,
    /// `POST /v1/payment_intents/{id}/confirm`
    Confirm,
    /// `POST /v1/payment_intents/{id}/cancel`
    Cancel,
    /// `GET /v1/payment_intents/{id}`
    Retrieve,
    /// `GET /v1/payment_intents`
    List,
    /// `GET /v1/payment_intents/search`
    Search,
    /// `POST /v1/refunds`
    Refund,
    /// `GET /v1/refunds` and `GET /v1/refunds/{id}`
    RetrieveRefund,
    /// `POST /sandbox/payment_intents/{id}/pay`: the customer pays.
    Pay,
    /// Every one of them; what a rule means that names none.
    #[default]
    Any,
}

/// Which of the calls that match the operation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum When {
    /// Each of them.
    #[default]
    Always,
    /// That one alone, counted from 1.
    Nth(u64),
    /// Each time that many have passed: `Every(3)` is the third, the sixth, …
    Every(u64),
    /// In so many of a hundred calls, by a generator of its own with this seed.
    Percent {
        /// From 0 to 100.
        percent: u8,
        /// The same seed hits the same calls.
        seed: u64,
    },
}

/// What happens to a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Effect {
    /// The answer takes so long; the work is done even when the caller does not wait for it.
    Slow {
        /// Milliseconds.
        ms: u64,
        /// Whether the work is done before or after the wait.
        #[serde(default)]
        work: WorkAt,
    },
    /// Nothing is done, and the answer is this status. A 500 is kept under the idempotency key, since the endpoint
    /// had begun; every other status comes from in front of the idempotency layer and is not, see
    /// <https://docs.stripe.com/error-low-level#idempotency>.
    Fail {
        /// From 400 to 599.
        status: u16,
    },
    /// The work is done, and the caller does not learn of it.
    ChargeAndDropResponse {
        /// What the caller gets instead.
        #[serde(default)]
        answer: LostAnswer,
    },
    /// The charge is declined, whatever the payment method.
    Decline {
        /// `insufficient_funds`, `expired_card`, …
        code: DeclineCode,
    },
    /// Search is behind by so much, as the real one is,
    /// see <https://docs.stripe.com/search#data-freshness>.
    SearchLag {
        /// Milliseconds.
        ms: u64,
    },
    /// The webhook of this call comes later.
    WebhookDelay {
        /// Milliseconds.
        ms: u64,
    },
    /// The webhook of this call comes again.
    WebhookDuplicate {
        /// How many times more.
        copies: u32,
    },
    /// The webhook of this call comes after the next one, or after five seconds if there is no next one.
    WebhookOutOfOrder,
    /// The webhook of this call never comes.
    WebhookDrop,
}

/// When a slow call does its work.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WorkAt {
    /// The charge comes late: a caller who gives up and looks finds nothing yet.
    #[default]
    End,
    /// The charge comes at once, the answer late.
    Start,
}

/// What a caller gets instead of an answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum LostAnswer {
    /// The connection is closed; the real answer is under the idempotency key.
    #[default]
    #[serde(rename = "close")]
    Close,
    /// A 500, which is also what the idempotency key replays: only a look at the intent tells the truth.
    #[serde(rename = "500")]
    InternalError,
}

/// A rule of misbehaviour, built with [`Rule::on`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "RuleFields", into = "RuleFields")]
pub struct Rule {
    operation: Operation,
    when: When,
    times: Option<u32>,
    effect: Effect,
}

/// A rule that cannot be meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum InvalidRule {
    /// More than one of `nth`, `every`, `percent`.
    #[error("`nth`, `every` and `percent` exclude each other")]
    TwoConditions,
    /// `nth` or `every` is 0.
    #[error("`nth` and `every` count from 1")]
    CountFromOne,
    /// Not a percentage.
    #[error("`percent` is from 0 to 100")]
    NotAPercentage,
    /// `seed` without `percent`.
    #[error("`seed` goes with `percent`")]
    SeedWithoutPercent,
    /// Not an error status.
    #[error("`status` is from 400 to 599")]
    NotAFailure,
}

impl Rule {
    /// Every call of `operation` meets `effect`.
    #[must_use]
    pub fn on(operation: Operation, effect: Effect) -> Self {
        Self { operation, when: When::Always, times: None, effect }
    }

    /// Narrows the rule to some of the calls.
    #[must_use]
    pub fn when(self, when: When) -> Self {
        Self { when, ..self }
    }

    /// The rule wears off after so many calls.
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

/// A rule as JSON.
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
            When::Percent { percent: of_a_hundred, seed: start } => {
                (percent, seed) = (Some(of_a_hundred), Some(start));
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

    fn refusal(json: &str) -> String {
        serde_json::from_str::<Rule>(json).unwrap_err().to_string()
    }

    #[test]
    fn a_rule_is_the_same_after_a_trip_through_json() {
        let rule = Rule::on(Operation::Refund, Effect::Slow { ms: 20, work: WorkAt::Start })
            .when(When::Percent { percent: 30, seed: 4 })
            .times(2);
        let json = serde_json::to_string(&rule).unwrap();
        assert_eq!(serde_json::from_str::<Rule>(&json).unwrap(), rule);
    }

    #[test]
    fn unknown_fields_are_refused_by_name() {
        assert!(refusal(r#"{"effect": "webhook_drop", "oparation": "create"}"#).contains("`oparation`"));
        assert!(refusal(r#"{"effect": {"slow": {"ms": 1, "jitter": 2}}}"#).contains("`jitter`"));
        assert!(refusal(r#"{"effect": {"explode": {}}}"#).contains("`explode`"));
        assert!(refusal(r#"{"effect": "webhook_drop", "operation": "buy"}"#).contains("`buy`"));
    }

    #[test]
    fn rules_that_cannot_be_meant_are_refused() {
        assert!(refusal(r#"{"effect": "webhook_drop", "nth": 1, "every": 2}"#).contains("exclude"));
        assert!(refusal(r#"{"effect": "webhook_drop", "nth": 0}"#).contains("from 1"));
        assert!(refusal(r#"{"effect": "webhook_drop", "percent": 101}"#).contains("to 100"));
        assert!(refusal(r#"{"effect": "webhook_drop", "seed": 1}"#).contains("`seed`"));
        assert!(refusal(r#"{"effect": {"fail": {"status": 200}}}"#).contains("400"));
        assert!(refusal(r#"{"effect": {"decline": {"code": "no"}}}"#).contains("insufficient_funds"));
    }
}
