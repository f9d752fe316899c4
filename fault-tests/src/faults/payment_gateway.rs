//! Faults of the payment gateway.

use futures::FutureExt;
use futures::future::BoxFuture;
use local::StackBuilder;
use serde_json::Value;
use stripe_sandbox::{DeclineCode, DroppedResponse, Effect, Operation, Rule, WorkAt};
use test_support::audit::{Invariant, Violation};

use crate::fault::{Fault, TrialCounts, Trials};
use crate::fixture::Fixture;
use crate::scenario::Scenario;

/// A fault of the gateway, which occurs once for each order.
pub(crate) struct PaymentGatewayFault {
    name: &'static str,
    description: &'static str,
    operation: Operation,
    effect: Effect,
    scenario: Scenario,
    /// Trials in the short form.
    short: u64,
}

const fn gateway(
    (name, description): (&'static str, &'static str),
    (operation, effect): (Operation, Effect),
    scenario: Scenario,
    short: u64,
) -> PaymentGatewayFault {
    PaymentGatewayFault { name, description, operation, effect, scenario, short }
}

pub(crate) static FAILS: PaymentGatewayFault = gateway(
    ("gateway-fails", "a charge fails with 500, and the gateway replays that response"),
    (Operation::Create, Effect::Fail { status: 500 }),
    Scenario::Confirmed,
    5,
);

pub(crate) static SLOW: PaymentGatewayFault = gateway(
    ("gateway-slow", "a charge exceeds the client's timeout; the money is captured at once"),
    (Operation::Create, Effect::Slow { ms: 5_000, work: WorkAt::Start }),
    Scenario::Confirmed,
    5,
);

pub(crate) static LATE: PaymentGatewayFault = gateway(
    ("gateway-late", "a charge exceeds the client's timeout; the money is captured at the end"),
    (Operation::Create, Effect::Slow { ms: 5_000, work: WorkAt::End }),
    Scenario::Confirmed,
    5,
);

pub(crate) static LOST: PaymentGatewayFault = gateway(
    ("gateway-lost", "a charge succeeds, and its response is lost"),
    (Operation::Create, Effect::ChargeAndDropResponse { answer: DroppedResponse::Close }),
    Scenario::Confirmed,
    5,
);

pub(crate) static FORGOTTEN: PaymentGatewayFault = gateway(
    ("gateway-forgets", "a charge succeeds, but the gateway stores a 500 for its idempotency key"),
    (Operation::Create, Effect::ChargeAndDropResponse { answer: DroppedResponse::InternalError }),
    Scenario::Confirmed,
    5,
);

pub(crate) static DECLINES: PaymentGatewayFault = gateway(
    ("gateway-declines", "a card is declined"),
    (Operation::Create, Effect::Decline { code: DeclineCode::InsufficientFunds }),
    Scenario::Declined,
    5,
);

pub(crate) static REFUND_LOST: PaymentGatewayFault = gateway(
    ("gateway-refund-lost", "a partial refund succeeds, and its response is lost"),
    (Operation::Refund, Effect::ChargeAndDropResponse { answer: DroppedResponse::Close }),
    Scenario::Delivered,
    5,
);

pub(crate) static WEBHOOKS_TWICE: PaymentGatewayFault = gateway(
    ("webhooks-twice", "a webhook is delivered four times"),
    (Operation::Pay, Effect::WebhookDuplicate { copies: 3 }),
    Scenario::Paid,
    5,
);

pub(crate) static WEBHOOKS_LATE: PaymentGatewayFault = gateway(
    ("webhooks-late", "a webhook is delivered seconds late"),
    (Operation::Pay, Effect::WebhookDelay { ms: 2_000 }),
    Scenario::Paid,
    5,
);

/// Number of concurrent orders.
const CONCURRENCY: usize = 10;

impl Fault for PaymentGatewayFault {
    fn name(&self) -> &'static str {
        self.name
    }

    fn description(&self) -> &'static str {
        self.description
    }

    fn trial_counts(&self) -> TrialCounts {
        TrialCounts { long: 1_000, short: self.short, per_stack: 50 }
    }

    fn trials_to_detect(&self) -> u64 {
        4
    }

    fn stack_settings(&self, builder: StackBuilder) -> StackBuilder {
        builder.parameter("PaymentGatewayBreakerOpenSeconds", "1")
    }

    fn run<'a>(&'a self, fixture: &'a Fixture, trials: Trials) -> BoxFuture<'a, ()> {
        async move {
            let times = u32::try_from(trials.count()).unwrap_or(u32::MAX);
            fixture.app.stack().payments().add_fault_rule(Rule::on(self.operation, self.effect).times(times));
            fixture
                .run_trials(trials.clone(), CONCURRENCY, |trial| one(fixture, self.scenario, trial.number))
                .await;
            self.count(fixture, &trials).await;
        }
        .boxed()
    }
}

async fn one(fixture: &Fixture, scenario: Scenario, number: u64) -> Result<bool, Violation> {
    // Trials are counted by the gateway, not here.
    scenario.run(fixture, number).await.map(|_| false)
}

impl PaymentGatewayFault {
    /// Records how often the fault really occurred, and a violation if that is not once for each order.
    async fn count(&self, fixture: &Fixture, trials: &Trials) {
        let address = format!("{}/sandbox/behaviour", fixture.app.stack().payments_endpoint());
        let status = async { reqwest::get(address).await?.json::<Value>().await };
        let applied = status.await.ok().and_then(|status| status["rules"][0]["applied"].as_u64());
        let applied = applied.unwrap_or_default();
        fixture.count_trials(applied);
        if applied != trials.count() {
            let expected = format!("{} faults", trials.count());
            let was = format!("{applied} faults");
            fixture.record_violation(None, Violation::new(Invariant::Sagas, "gateway", expected, was));
        }
    }
}
