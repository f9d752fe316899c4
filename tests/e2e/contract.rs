//! The API keeps its promises to requests that nobody thought of: the short form of `make fuzz`.

use std::time::Duration;

use shared::domain::user::Role;
use test_support::TestApp;
use test_support::fuzz;
use test_support::fuzz::Effort;

#[tokio::test(flavor = "multi_thread")]
async fn generated_requests_are_answered_as_the_description_promises() {
    let shop = TestApp::open().await;
    let caller = shop.user_with_role("admin", Role::Admin).await;
    let effort = Effort { examples: 3, seed: 1, at_most: Duration::from_secs(170) };
    let verdict = fuzz::run(&shop, &caller, effort).await;
    assert!(verdict.holds, "{}", verdict.report);
    assert!(verdict.requests > 500, "only {} requests: {}", verdict.requests, verdict.report);
}
