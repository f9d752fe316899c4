//! The fulfilment killed with SIGKILL at each of its calls, before the call is made and after it was answered.

use std::fmt;
use std::time::Duration;

use http::{Method, StatusCode};
use local::faults::{Fault, Rule};
use test_support::app::{WAIT_TIMEOUT, eventually};
use test_support::audit::{Expectations, MoneyAndStock};
use test_support::{TestApp, TestUser};

pub(crate) const FULFILMENT: &str = "queue-fulfilment";

/// How an order is meant to end.
#[derive(Debug, Clone, Copy)]
enum Course {
    /// The card is charged.
    Confirmed,
    /// The card is declined.
    Declined,
    /// There is no stock.
    OutOfStock,
    /// The buyer cancels when it is confirmed.
    Cancelled,
}

impl Course {
    const ALL: [Self; 4] = [Self::Confirmed, Self::Declined, Self::OutOfStock, Self::Cancelled];

    /// How many calls the fulfilment makes, without any fault: load and reserve, charge, confirm; and so on.
    const fn calls(self) -> u64 {
        match self {
            Self::Confirmed | Self::Declined | Self::OutOfStock => 4,
            Self::Cancelled => 3,
        }
    }

    const fn end(self) -> &'static str {
        match self {
            Self::Confirmed => "confirmed",
            Self::Declined | Self::OutOfStock => "rejected",
            Self::Cancelled => "cancelled",
        }
    }
}

/// What the trials came to.
pub(crate) struct Figures {
    trials: u64,
    kills: u64,
    pub(crate) violations: Vec<String>,
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} trials, {} kills, {} violations", self.trials, self.kills, self.violations.len())
    }
}

/// Runs every course with a kill at every call, and audits what is left. Without the gateway's webhooks, which would heal
/// what the fulfilment has to get right by itself.
pub(crate) async fn kill_at_each_call(shop: &TestApp) -> Figures {
    shop.stack().payments().set_webhook_url(None);
    let (seller, buyer) = (shop.customer("seller").await, shop.customer("buyer").await);
    let mut journal = Expectations::default();
    let (mut trials, mut kills) = (0, 0);
    let mut violations = Vec::new();
    for course in Course::ALL {
        for nth in 1..=course.calls() {
            for fault in [Fault::KillBefore, Fault::KillAfter] {
                let name = format!("{course:?}, call {nth}, {fault:?}");
                let struck = trial(shop, (&seller, &buyer), course, (nth, fault), trials, &mut journal).await;
                trials += 1;
                match struck {
                    Ok(()) => kills += 1,
                    Err(problem) => violations.push(format!("{name}: {problem}")),
                }
            }
        }
    }
    let ledger = shop.stack().payments().ledger();
    violations.extend(MoneyAndStock::read(shop).await.violations(&journal, &ledger));
    Figures { trials, kills, violations }
}

/// One order with one kill. An error says that the kill did not happen, or that the order did not end as it should.
async fn trial(
    shop: &TestApp,
    (seller, buyer): (&TestUser, &TestUser),
    course: Course,
    (nth, fault): (u64, Fault),
    number: u64,
    journal: &mut Expectations,
) -> Result<(), String> {
    let began_with = if matches!(course, Course::OutOfStock) { 1 } else { 5 };
    let product = shop.product(seller, 1_999, began_with).await;
    journal.stocked.insert(product.clone(), began_with);
    let method = if matches!(course, Course::Declined) { "pm_card_chargeDeclined" } else { "pm_card_visa" };
    let cancels = matches!(course, Course::Cancelled);
    let kill = Rule::new(FULFILMENT, fault).nth(nth);
    let mut injection = (!cancels).then(|| shop.stack().faults().inject(kill.clone()));
    let order = shop.order(buyer, &format!("crash-{number}"), &product, 2, Some(method)).await;
    let id = order.data(StatusCode::CREATED)["id"].as_str().unwrap_or_default().to_owned();
    journal.acknowledged.push(id.clone());
    if cancels {
        shop.order_in(buyer, &id, &["confirmed"]).await;
        shop.wait_until_idle().await;
        injection = Some(shop.stack().faults().inject(kill));
        let cancel = shop.ask(Method::POST, &format!("/v1/orders/{id}/cancel")).by(buyer).send().await;
        assert_eq!(cancel.status, StatusCode::OK, "{}", cancel.text);
    }
    let injection = injection.ok_or("no fault was injected")?;
    if !injection.wait_until_triggered(WAIT_TIMEOUT).await {
        return Err("the call was never made".to_owned());
    }
    settle(shop).await;
    let ended = shop.get_order(buyer, &id).await;
    if ended["status"] == course.end() { Ok(()) } else { Err(format!("the order is {}", ended["status"])) }
}

/// Lets whatever failed come back at once, until nothing is left to do.
pub(crate) async fn settle(shop: &TestApp) {
    let at_rest = || async {
        shop.stack().redeliver().await;
        shop.stack().idle(Duration::from_millis(300)).await.ok()
    };
    eventually("the stack comes to rest", at_rest).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn figures_of_a_kill_at_each_call_of_the_fulfilment() {
    let shop = TestApp::open().await;
    let figures = kill_at_each_call(&shop).await;
    println!("kill -9 of the fulfilment at each of its calls: {figures}");
    assert_eq!(figures.violations, Vec::<String>::new());
    assert_eq!((figures.trials, figures.kills), (30, 30));
}
