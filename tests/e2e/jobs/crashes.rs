//! The making of reports killed with SIGKILL at each of its calls, before the call is made and after it was answered.

use local::faults::{Fault, Rule};
use serde_json::json;
use test_support::app::WAIT_TIMEOUT;

use crate::jobs::fixture::{Fixture, REPORTS};

/// One report with one kill. An error says that the kill did not happen, or that the report is not exact; one that is not
/// made at all ends the test.
async fn trial(desk: &Fixture, (nth, fault): (u64, Fault), expected: &str) -> Result<(), String> {
    let injection = desk.shop.stack().faults().inject(Rule::new(REPORTS, fault).nth(nth));
    let job = desk.report(json!({})).await;
    if !injection.wait_until_triggered(WAIT_TIMEOUT).await {
        return Err("the call was never made".to_owned());
    }
    desk.shop.stack().redeliver().await;
    desk.made(&job).await;
    if desk.result(&job).await == expected { Ok(()) } else { Err("the report is not exact".to_owned()) }
}

#[tokio::test(flavor = "multi_thread")]
async fn figures_of_a_kill_at_each_call_of_the_making_of_reports() {
    // Two pages in two stretches: taking up, counting, reading, committing, handing over, and all of it once more.
    let desk = Fixture::open(4, "2", "0").await;
    let expected = desk.recount().await;
    desk.shop.stack().faults().forget_calls();
    let job = desk.report(json!({})).await;
    desk.job_is(&job, "succeeded").await;
    desk.shop.wait_until_idle().await;
    assert_eq!(desk.result(&job).await, expected);
    let calls = u64::try_from(desk.shop.stack().faults().calls_of(REPORTS).len()).unwrap();
    let (mut trials, mut violations) = (0, Vec::new());
    for nth in 1..=calls {
        for fault in [Fault::KillBefore, Fault::KillAfter] {
            trials += 1;
            let name = format!("call {nth}, {fault:?}");
            if let Err(problem) = trial(&desk, (nth, fault), &expected).await {
                violations.push(format!("{name}: {problem}"));
            }
        }
    }
    println!(
        "kill -9 of reports at each of their {calls} calls: {trials} trials, {} violations",
        violations.len()
    );
    assert_eq!(violations, Vec::<String>::new());
    assert!(calls >= 20, "only {calls} calls");
    assert!(desk.letters().await.is_empty());
}
