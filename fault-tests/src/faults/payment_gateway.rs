//! A payment gateway that fails in the ways that gateways do.

use futures::FutureExt;
use futures::future::BoxFuture;
use local::StackBuilder;
use serde_json::Value;
use stripe_sandbox::{DeclineCode, Effect, LostAnswer, Operation, Rule, WorkAt};
use test_support::audit::{Invariant, Violation};

use crate::fault::{Fault, TrialCounts, Trials};
use crate::fixture::Fixture;
use crate::scenario::Scenario;

/// One way for the gateway to misbehave, towards each order once.
pub(crate) struct Gateway {
    name: &'static str,
    says: &'static str,
    operation: Operation,
    effect: Effect,
    course: Scenario,
    /// In the short form.
    short: u64,
}

const fn gateway(
    (name, says): (&'static str, &'static str),
    (operation, effect): (Operation, Effect),
    course: Scenario,
    short: u64,
) -> Gateway {
    Gateway { name, says, operation, effect, course, short }
}

pub(crate) static FAILS: Gateway = gateway(
    ("gateway-fails", "a charge is answered with a 500, which the gateway repeats"),
    (Operation::Create, Effect::Fail { status: 500 }),
    Scenario::Confirmed,
    5,
);

pub(crate) static SLOW: Gateway = gateway(
    ("gateway-slow", "a charge takes longer than anybody waits; the money moves at once"),
    (Operation::Create, Effect::Slow { ms: 5_000, work: WorkAt::Start }),
    Scenario::Confirmed,
    5,
);

pub(crate) static LATE: Gateway = gateway(
    ("gateway-late", "a charge takes longer than anybody waits; the money moves in the end"),
    (Operation::Create, Effect::Slow { ms: 5_000, work: WorkAt::End }),
    Scenario::Confirmed,
    5,
);

pub(crate) static LOST: Gateway = gateway(
    ("gateway-lost", "a charge is made, and its answer lost"),
    (Operation::Create, Effect::ChargeAndDropResponse { answer: LostAnswer::Close }),
    Scenario::Confirmed,
    5,
);

pub(crate) static FORGOTTEN: Gateway = gateway(
    ("gateway-forgets", "a charge is made, and the gateway itself only remembers a 500"),
    (Operation::Create, Effect::ChargeAndDropResponse { answer: LostAnswer::InternalError }),
    Scenario::Confirmed,
    5,
);

pub(crate) static DECLINES: Gateway = gateway(
    ("gateway-declines", "a card is declined"),
    (Operation::Create, Effect::Decline { code: DeclineCode::InsufficientFunds }),
    Scenario::Declined,
    5,
);

pub(crate) static REFUND_LOST: Gateway = gateway(
    ("gateway-refund-lost", "a part of the money is given back, and the answer lost"),
    (Operation::Refund, Effect::ChargeAndDropResponse { answer: LostAnswer::Close }),
    Scenario::Delivered,
    5,
);

pub(crate) static WEBHOOKS_TWICE: Gateway = gateway(
    ("webhooks-twice", "a webhook comes four times"),
    (Operation::Pay, Effect::WebhookDuplicate { copies: 3 }),
    Scenario::Paid,
    5,
);

pub(crate) static WEBHOOKS_LATE: Gateway = gateway(
    ("webhooks-late", "a webhook comes seconds late"),
    (Operation::Pay, Effect::WebhookDelay { ms: 2_000 }),
    Scenario::Paid,
    5,
);

/// How many orders are under way at once.
const AT_ONCE: usize = 10;

impl Fault for Gateway {
    fn name(&self) -> &'static str {
        self.name
    }

    fn description(&self) -> &'static str {
        self.says
    }

    fn effort(&self) -> TrialCounts {
        TrialCounts { long: 1_000, short: self.short, together: 50 }
    }

    fn trials_to_detect(&self) -> u64 {
        4
    }

    fn shop(&self, builder: StackBuilder) -> StackBuilder {
        builder.parameter("PaymentGatewayBreakerOpenSeconds", "1")
    }

    fn run<'a>(&'a self, bench: &'a Fixture, trials: Trials) -> BoxFuture<'a, ()> {
        async move {
            let times = u32::try_from(trials.count()).unwrap_or(u32::MAX);
            bench.shop.stack().payments().add_fault_rule(Rule::on(self.operation, self.effect).times(times));
            bench.each(trials.clone(), AT_ONCE, |trial| one(bench, self.course, trial.number)).await;
            self.count(bench, &trials).await;
        }
        .boxed()
    }
}

async fn one(bench: &Fixture, course: Scenario, number: u64) -> Result<bool, Violation> {
    // Counted by what the gateway says, not by the orders.
    course.run(bench, number).await.map(|_| false)
}

impl Gateway {
    /// Notes how often the gateway really misbehaved: once for each order.
    async fn count(&self, bench: &Fixture, trials: &Trials) {
        let address = format!("{}/sandbox/behaviour", bench.shop.stack().payments_endpoint());
        let told = async { reqwest::get(address).await?.json::<Value>().await };
        let applied = told.await.ok().and_then(|told| told["rules"][0]["applied"].as_u64());
        let applied = applied.unwrap_or_default();
        bench.made(applied);
        if applied != trials.count() {
            let expected = format!("it misbehaves {} times", trials.count());
            let was = format!("it did {applied} times");
            bench.record_violation(None, Violation::new(Invariant::Sagas, "gateway", expected, was));
        }
    }
}
