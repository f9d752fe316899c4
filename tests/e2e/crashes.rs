//! Crashes of the fulfilment: SIGKILL at each of its calls, before the request and after the response.

use std::fmt;
use std::time::Duration;

use http::{Method, StatusCode};
use local::faults::{Fault, Rule};
use test_support::app::{WAIT_TIMEOUT, eventually};
use test_support::audit::{Expectations, MoneyAndStock};
use test_support::{TestApp, TestUser};

pub(crate) const FULFILMENT: &str = "queue-fulfilment";

/// Planned outcome of an order.
#[derive(Debug, Clone, Copy)]
enum Outcome {
    /// The card is charged.
    Confirmed,
    /// The card is declined.
    Declined,
    /// There is not enough stock.
    OutOfStock,
    /// The buyer cancels the confirmed order.
    Cancelled,
}

impl Outcome {
    const ALL: [Self; 4] = [Self::Confirmed, Self::Declined, Self::OutOfStock, Self::Cancelled];

    /// Number of calls of the fulfilment without a fault, for example: load, reserve, charge, confirm.
    const fn calls(self) -> u64 {
        match self {
            Self::Confirmed | Self::Declined | Self::OutOfStock => 4,
            Self::Cancelled => 3,
        }
    }

    const fn status(self) -> &'static str {
        match self {
            Self::Confirmed => "confirmed",
            Self::Declined | Self::OutOfStock => "rejected",
            Self::Cancelled => "cancelled",
        }
    }
}

/// Summary of all trials.
pub(crate) struct CrashSummary {
    trials: u64,
    kills: u64,
    pub(crate) violations: Vec<String>,
}

impl fmt::Display for CrashSummary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} trials, {} kills, {} violations", self.trials, self.kills, self.violations.len())
    }
}

/// Runs each outcome with a kill at each call, and audits the final state. Webhooks are disabled, because
/// they would repair errors of the fulfilment.
pub(crate) async fn kill_at_each_call(app: &TestApp) -> CrashSummary {
    app.stack().payments().set_webhook_url(None);
    let (seller, buyer) = (app.register("seller").await, app.register("buyer").await);
    let mut expectations = Expectations::default();
    let (mut trials, mut kills) = (0, 0);
    let mut violations = Vec::new();
    for outcome in Outcome::ALL {
        for nth in 1..=outcome.calls() {
            for fault in [Fault::KillBefore, Fault::KillAfter] {
                let name = format!("{outcome:?}, call {nth}, {fault:?}");
                let kill = Rule::new(FULFILMENT, fault).nth(nth);
                let result = trial(app, &seller, &buyer, outcome, kill, trials, &mut expectations).await;
                trials += 1;
                match result {
                    Ok(()) => kills += 1,
                    Err(problem) => violations.push(format!("{name}: {problem}")),
                }
            }
        }
    }
    let ledger = app.stack().payments().ledger();
    violations.extend(MoneyAndStock::read(app).await.violations(&expectations, &ledger));
    CrashSummary { trials, kills, violations }
}

/// Runs one order with one kill. Fails if the kill was not triggered or the order did not reach its status.
async fn trial(
    app: &TestApp,
    seller: &TestUser,
    buyer: &TestUser,
    outcome: Outcome,
    kill: Rule,
    number: u64,
    expectations: &mut Expectations,
) -> Result<(), String> {
    let initial = if matches!(outcome, Outcome::OutOfStock) { 1 } else { 5 };
    let product = app.product(seller, 1_999, initial).await;
    expectations.stocked.insert(product.clone(), initial);
    let method = if matches!(outcome, Outcome::Declined) { "pm_card_chargeDeclined" } else { "pm_card_visa" };
    let cancels = matches!(outcome, Outcome::Cancelled);
    let mut injection = (!cancels).then(|| app.stack().faults().inject(kill.clone()));
    let order = app.order(buyer, &format!("crash-{number}"), &product, 2, Some(method)).await;
    let id = order.data(StatusCode::CREATED)["id"].as_str().unwrap_or_default().to_owned();
    expectations.acknowledged.push(id.clone());
    if cancels {
        app.wait_for_order(buyer, &id, &["confirmed"]).await;
        app.wait_until_idle().await;
        injection = Some(app.stack().faults().inject(kill));
        let cancel = app.request(Method::POST, &format!("/v1/orders/{id}/cancel")).by(buyer).send().await;
        assert_eq!(cancel.status, StatusCode::OK, "{}", cancel.text);
    }
    let injection = injection.ok_or("no fault was injected")?;
    if !injection.wait_until_triggered(WAIT_TIMEOUT).await {
        return Err("the call was never made".to_owned());
    }
    settle(app).await;
    let order = app.get_order(buyer, &id).await;
    if order["status"] == outcome.status() {
        Ok(())
    } else {
        Err(format!("the order is {}", order["status"]))
    }
}

/// Redelivers failed messages at once until the stack is idle.
pub(crate) async fn settle(app: &TestApp) {
    let idle = || async {
        app.stack().redeliver().await;
        app.stack().idle(Duration::from_millis(300)).await.ok()
    };
    eventually("the stack is idle", idle).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn results_of_a_kill_at_each_call_of_fulfilment() {
    let app = TestApp::start().await;
    let summary = kill_at_each_call(&app).await;
    println!("kill -9 of the fulfilment at each call: {summary}");
    assert_eq!(summary.violations, Vec::<String>::new());
    assert_eq!((summary.trials, summary.kills), (30, 30));
}
