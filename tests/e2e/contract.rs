//! Short run of `make fuzz`: generated requests are checked against the API description.

use std::time::Duration;

use shared::domain::user::Role;
use test_support::TestApp;
use test_support::fuzz;
use test_support::fuzz::FuzzConfig;

#[tokio::test(flavor = "multi_thread")]
async fn generated_requests_conform_to_the_api_description() {
    let app = TestApp::start().await;
    let caller = app.user_with_role("admin", Role::Admin).await;
    let config = FuzzConfig { examples: 3, seed: 1, timeout: Duration::from_secs(340) };
    let report = fuzz::run(&app, &caller, config).await;
    assert!(report.passed, "{}", report.output);
    assert!(report.requests > 500, "only {} requests: {}", report.requests, report.output);
}
