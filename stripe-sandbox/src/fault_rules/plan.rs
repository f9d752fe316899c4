//! From rules to the plan of one call.

use std::time::Duration;

use super::{Effect, LostAnswer, Operation, Rule, When, WorkAt, milliseconds};
use crate::random::Random;
use crate::test_cards::Decline;

/// What the rules make of one call.
#[derive(Clone, Debug, Default)]
pub(crate) struct Plan {
    pub(crate) fail: Option<u16>,
    pub(crate) wait_before: Duration,
    pub(crate) wait_after: Duration,
    pub(crate) lose: Option<LostAnswer>,
    pub(crate) decline: Option<Decline>,
    pub(crate) search_lag: Duration,
    pub(crate) webhooks: Vec<WebhookEffect>,
}

/// What the rules make of the webhook of one call.
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
            Effect::ChargeAndDropResponse { answer } => self.lose = self.lose.or(Some(*answer)),
            Effect::Decline { code } => self.decline = self.decline.or(Some(code.decline())),
            Effect::SearchLag { ms } => self.search_lag = self.search_lag.max(milliseconds(*ms)),
            Effect::WebhookDelay { ms } => self.webhooks.push(WebhookEffect::Delay(milliseconds(*ms))),
            Effect::WebhookDuplicate { copies } => self.webhooks.push(WebhookEffect::Duplicate(*copies)),
            Effect::WebhookOutOfOrder => self.webhooks.push(WebhookEffect::OutOfOrder),
            Effect::WebhookDrop => self.webhooks.push(WebhookEffect::Drop),
        }
    }
}

/// The rules in force, with what they have seen so far.
#[derive(Default)]
pub(crate) struct Rules {
    active: Vec<ActiveRule>,
}

struct ActiveRule {
    rule: Rule,
    seen: u64,
    applied: u32,
    random: Random,
}

impl Rules {
    pub(crate) fn add(&mut self, rule: Rule) {
        let seed = if let When::Percent { seed, .. } = rule.when { seed } else { 0 };
        self.active.push(ActiveRule { rule, seen: 0, applied: 0, random: Random::seeded(seed) });
    }

    pub(crate) fn clear(&mut self) {
        self.active.clear();
    }

    /// Each rule with how many calls it has seen and how many it has changed.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&Rule, u64, u32)> {
        self.active.iter().map(|active| (&active.rule, active.seen, active.applied))
    }

    /// Counts a call, and says what becomes of it.
    pub(crate) fn plan(&mut self, operation: Operation) -> Plan {
        let mut plan = Plan::default();
        for active in &mut self.active {
            if active.hits(operation) {
                plan.add(&active.rule.effect);
            }
        }
        plan
    }
}

impl ActiveRule {
    fn hits(&mut self, operation: Operation) -> bool {
        if self.rule.operation != Operation::Any && self.rule.operation != operation {
            return false;
        }
        self.seen += 1;
        let chosen = match self.rule.when {
            When::Always => true,
            When::Nth(call) => self.seen == call,
            When::Every(calls) => calls != 0 && self.seen.is_multiple_of(calls),
            When::Percent { percent, .. } => self.random.chance(percent),
        };
        let hits = chosen && self.rule.times.is_none_or(|times| self.applied < times);
        self.applied += u32::from(hits);
        hits
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hits(rule: Rule, operations: &[Operation]) -> Vec<bool> {
        let mut rules = Rules::default();
        rules.add(rule);
        operations.iter().map(|operation| rules.plan(*operation).fail.is_some()).collect()
    }

    fn fail(operation: Operation) -> Rule {
        Rule::on(operation, Effect::Fail { status: 500 })
    }

    #[test]
    fn a_rule_counts_the_calls_of_its_operation() {
        use Operation::{Any, Create, Refund};
        let calls = [Create, Refund, Create, Refund, Create];
        assert_eq!(hits(fail(Create), &calls), [true, false, true, false, true]);
        assert_eq!(hits(fail(Create).when(When::Nth(2)), &calls), [false, false, true, false, false]);
        assert_eq!(hits(fail(Any).when(When::Every(2)), &calls), [false, true, false, true, false]);
        assert_eq!(hits(fail(Any).times(2), &calls), [true, true, false, false, false]);
    }

    #[test]
    fn the_same_seed_hits_the_same_calls() {
        let calls = [Operation::Create; 200];
        let rule = |seed| fail(Operation::Any).when(When::Percent { percent: 30, seed });
        assert_eq!(hits(rule(1), &calls), hits(rule(1), &calls));
        assert_ne!(hits(rule(1), &calls), hits(rule(2), &calls));
        let count = hits(rule(1), &calls).into_iter().filter(|hit| *hit).count();
        assert!((40..80).contains(&count), "{count} of 200");
    }

    #[test]
    fn rules_add_up_and_the_older_one_wins() {
        let mut rules = Rules::default();
        rules.add(Rule::on(Operation::Any, Effect::Fail { status: 503 }));
        rules.add(Rule::on(Operation::Any, Effect::Fail { status: 429 }));
        rules.add(Rule::on(Operation::Any, Effect::Slow { ms: 5, work: WorkAt::End }));
        let plan = rules.plan(Operation::List);
        assert_eq!((plan.fail, plan.wait_before), (Some(503), Duration::from_millis(5)));
    }
}
