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
}

pub(crate) static FAILS: PaymentGatewayFault = PaymentGatewayFault {
    name: "gateway-fails",
    description: "a charge fails with 500, and the gateway replays that response",
    operation: Operation::Create,
    effect: Effect::Fail { status: 500 },
    scenario: Scenario::Confirmed,
};

pub(crate) static SLOW: PaymentGatewayFault = PaymentGatewayFault {
    name: "gateway-slow",
    description: "a charge exceeds the client's timeout; the money is captured at once",
    operation: Operation::Create,
    effect: Effect::Slow { ms: 5_000, work: WorkAt::Start },
    scenario: Scenario::Confirmed,
};

pub(crate) static LATE: PaymentGatewayFault = PaymentGatewayFault {
    name: "gateway-late",
    description: "a charge exceeds the client's timeout; the money is captured at the end",
    operation: Operation::Create,
    effect: Effect::Slow { ms: 5_000, work: WorkAt::End },
    scenario: Scenario::Confirmed,
};

pub(crate) static LOST: PaymentGatewayFault = PaymentGatewayFault {
    name: "gateway-lost",
    description: "a charge succeeds, and its response is lost",
    operation: Operation::Create,
    effect: Effect::ChargeAndDropResponse { answer: DroppedResponse::Close },
    scenario: Scenario::Confirmed,
};

pub(crate) static FORGOTTEN: PaymentGatewayFault = PaymentGatewayFault {
    name: "gateway-forgets",
    description: "a charge succeeds, but the gateway stores a 500 for its idempotency key",
    operation: Operation::Create,
    effect: Effect::ChargeAndDropResponse { answer: DroppedResponse::InternalError },
    scenario: Scenario::Confirmed,
};

pub(crate) static DECLINES: PaymentGatewayFault = PaymentGatewayFault {
    name: "gateway-declines",
    description: "a card is declined",
    operation: Operation::Create,
    effect: Effect::Decline { code: DeclineCode::InsufficientFunds },
    scenario: Scenario::Declined,
};

pub(crate) static REFUND_LOST: PaymentGatewayFault = PaymentGatewayFault {
    name: "gateway-refund-lost",
    description: "a partial refund succeeds, and its response is lost",
    operation: Operation::Refund,
    effect: Effect::ChargeAndDropResponse { answer: DroppedResponse::Close },
    scenario: Scenario::Delivered,
};

pub(crate) static WEBHOOKS_TWICE: PaymentGatewayFault = PaymentGatewayFault {
    name: "webhooks-twice",
    description: "a webhook is delivered four times",
    operation: Operation::Pay,
    effect: Effect::WebhookDuplicate { copies: 3 },
    scenario: Scenario::Paid,
};

pub(crate) static WEBHOOKS_LATE: PaymentGatewayFault = PaymentGatewayFault {
    name: "webhooks-late",
    description: "a webhook is delivered seconds late",
    operation: Operation::Pay,
    effect: Effect::WebhookDelay { ms: 2_000 },
    scenario: Scenario::Paid,
};

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
        TrialCounts { long: 1_000, short: 5, per_stack: 50 }
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
