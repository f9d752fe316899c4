//! Combines the matching rules of a call.

use std::time::Duration;

use fastrand::Rng;

use super::{DroppedResponse, Effect, Operation, Rule, When, WorkAt, milliseconds};
use crate::test_cards::Decline;

/// Combined effects of the rules on one call.
#[derive(Clone, Debug, Default)]
pub(crate) struct Plan {
    pub(crate) fail: Option<u16>,
    pub(crate) wait_before: Duration,
    pub(crate) wait_after: Duration,
    pub(crate) drop_response: Option<DroppedResponse>,
    pub(crate) decline: Option<Decline>,
    pub(crate) search_lag: Duration,
    pub(crate) webhooks: Vec<WebhookEffect>,
}

/// Effect on the webhook of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WebhookEffect {
    Delay(Duration),
    Duplicate(u32),
    OutOfOrder,
    Drop,
}

impl Plan {
    fn add(&mut self, effect: &Effect) {
        match effect {
            Effect::Slow { ms, work: WorkAt::End } => self.wait_before += milliseconds(*ms),
            Effect::Slow { ms, work: WorkAt::Start } => self.wait_after += milliseconds(*ms),
            Effect::Fail { status } => self.fail = self.fail.or(Some(*status)),
            Effect::ChargeAndDropResponse { answer } => {
                self.drop_response = self.drop_response.or(Some(*answer));
            }
            Effect::Decline { code } => self.decline = self.decline.or(Some(code.decline())),
            Effect::SearchLag { ms } => self.search_lag = self.search_lag.max(milliseconds(*ms)),
            Effect::WebhookDelay { ms } => self.webhooks.push(WebhookEffect::Delay(milliseconds(*ms))),
            Effect::WebhookDuplicate { copies } => self.webhooks.push(WebhookEffect::Duplicate(*copies)),
            Effect::WebhookOutOfOrder => self.webhooks.push(WebhookEffect::OutOfOrder),
            Effect::WebhookDrop => self.webhooks.push(WebhookEffect::Drop),
        }
    }
}

/// Active rules with their counters.
#[derive(Default)]
pub(crate) struct Rules {
    active: Vec<ActiveRule>,
}

struct ActiveRule {
    rule: Rule,
    matched: u64,
    applied: u32,
    rng: Rng,
}

impl Rules {
    pub(crate) fn add(&mut self, rule: Rule) {
        let seed = if let When::Percent { seed, .. } = rule.when { seed } else { 0 };
        self.active.push(ActiveRule { rule, matched: 0, applied: 0, rng: Rng::with_seed(seed) });
    }

    pub(crate) fn clear(&mut self) {
        self.active.clear();
    }

    /// Rules with the number of matching calls and of calls that they were applied to.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&Rule, u64, u32)> {
        self.active.iter().map(|active| (&active.rule, active.matched, active.applied))
    }

    /// Counts a call and combines the effects on it.
    pub(crate) fn plan(&mut self, operation: Operation) -> Plan {
        let mut plan = Plan::default();
        for active in &mut self.active {
            if active.applies(operation) {
                plan.add(&active.rule.effect);
            }
        }
        plan
    }
}

impl ActiveRule {
    fn applies(&mut self, operation: Operation) -> bool {
        if self.rule.operation != Operation::Any && self.rule.operation != operation {
            return false;
        }
        self.matched += 1;
        let selected = match self.rule.when {
            When::Always => true,
            When::Nth(call) => self.matched == call,
            When::Every(calls) => calls != 0 && self.matched.is_multiple_of(calls),
            When::Percent { percent, .. } => self.rng.u8(..100) < percent,
        };
        let applies = selected && self.rule.times.is_none_or(|times| self.applied < times);
        self.applied += u32::from(applies);
        applies
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn applies(rule: Rule, operations: &[Operation]) -> Vec<bool> {
        let mut rules = Rules::default();
        rules.add(rule);
        operations.iter().map(|operation| rules.plan(*operation).fail.is_some()).collect()
    }

    fn fail(operation: Operation) -> Rule {
        Rule::on(operation, Effect::Fail { status: 500 })
    }

    #[test]
    fn rule_counts_only_calls_of_its_operation() {
        use Operation::{Any, Create, Refund};
        let calls = [Create, Refund, Create, Refund, Create];
        assert_eq!(applies(fail(Create), &calls), [true, false, true, false, true]);
        assert_eq!(applies(fail(Create).when(When::Nth(2)), &calls), [false, false, true, false, false]);
        assert_eq!(applies(fail(Any).when(When::Every(2)), &calls), [false, true, false, true, false]);
        assert_eq!(applies(fail(Any).times(2), &calls), [true, true, false, false, false]);
    }

    #[test]
    fn same_seed_selects_the_same_calls() {
        let calls = [Operation::Create; 200];
        let rule = |seed| fail(Operation::Any).when(When::Percent { percent: 30, seed });
        assert_eq!(applies(rule(1), &calls), applies(rule(1), &calls));
        assert_ne!(applies(rule(1), &calls), applies(rule(2), &calls));
        let count = applies(rule(1), &calls).into_iter().filter(|applied| *applied).count();
        assert!((40..80).contains(&count), "{count} of 200");
    }

    #[test]
    fn effects_are_combined_and_the_oldest_rule_wins() {
        let mut rules = Rules::default();
        rules.add(Rule::on(Operation::Any, Effect::Fail { status: 503 }));
        rules.add(Rule::on(Operation::Any, Effect::Fail { status: 429 }));
        rules.add(Rule::on(Operation::Any, Effect::Slow { ms: 5, work: WorkAt::End }));
        let plan = rules.plan(Operation::List);
        assert_eq!((plan.fail, plan.wait_before), (Some(503), Duration::from_millis(5)));
    }
}
