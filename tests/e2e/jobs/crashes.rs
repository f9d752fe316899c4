//! Crashes of the report worker: SIGKILL at each of its calls, before the request and after the response.

use local::faults::{Fault, Rule};
use serde_json::json;
use test_support::app::WAIT_TIMEOUT;

use crate::jobs::fixture::{Fixture, REPORTS};

/// Creates one report with one kill. Fails if the kill was not triggered or the report is not exact. A report
/// that is not finished at all ends the test.
async fn trial(fixture: &Fixture, nth: u64, fault: Fault, expected: &str) -> Result<(), String> {
    let injection = fixture.app.stack().faults().inject(Rule::new(REPORTS, fault).nth(nth));
    let job = fixture.report(json!({})).await;
    if !injection.wait_until_triggered(WAIT_TIMEOUT).await {
        return Err("the call was never made".to_owned());
    }
    fixture.app.stack().redeliver().await;
    fixture.wait_until_succeeded(&job).await;
    if fixture.result(&job).await == expected { Ok(()) } else { Err("the report is not exact".to_owned()) }
}

#[tokio::test(flavor = "multi_thread")]
async fn results_of_a_kill_at_each_call_of_report_generation() {
    // Two pages in two invocations. Each claims the job, counts, reads, commits and hands over.
    let fixture = Fixture::open(4, "2", "0").await;
    let expected = fixture.recount().await;
    fixture.app.stack().faults().clear_calls();
    let job = fixture.report(json!({})).await;
    fixture.wait_for_job(&job, "succeeded").await;
    fixture.app.wait_until_idle().await;
    assert_eq!(fixture.result(&job).await, expected);
    let calls = u64::try_from(fixture.app.stack().faults().calls_of(REPORTS).len()).unwrap();
    let (mut trials, mut violations) = (0, Vec::new());
    for nth in 1..=calls {
        for fault in [Fault::KillBefore, Fault::KillAfter] {
            trials += 1;
            let name = format!("call {nth}, {fault:?}");
            if let Err(problem) = trial(&fixture, nth, fault, &expected).await {
                violations.push(format!("{name}: {problem}"));
            }
        }
    }
    println!(
        "kill -9 of the report worker at each of its {calls} calls: {trials} trials, {} violations",
        violations.len()
    );
    assert_eq!(violations, Vec::<String>::new());
    assert!(calls >= 20, "only {calls} calls");
    assert!(fixture.dead_letters().await.is_empty());
}
