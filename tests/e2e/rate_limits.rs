//! Rate limits over all instances, and limits of failed logins.

use http::{Method, StatusCode};
use local::faults::{Fault, Rule, Service};
use test_support::TestApp;
use test_support::app::RequestBuilder;

/// Sends `rounds` times 16 concurrent requests and returns the number of those that were allowed.
async fn allowed<'a>(rounds: usize, send: impl Fn(usize) -> RequestBuilder<'a>) -> usize {
    let mut allowed = 0;
    for round in 0..rounds {
        let responses = futures::future::join_all((0..16).map(|n| send(round * 16 + n).send())).await;
        for response in responses {
            assert!(response.headers.contains_key("ratelimit-policy"), "{response:?}");
            if response.status == StatusCode::OK {
                allowed += 1;
                continue;
            }
            assert_eq!(response.code(StatusCode::TOO_MANY_REQUESTS), "RATE_LIMITED");
            let retry_after: u64 = response.headers["retry-after"].to_str().unwrap().parse().unwrap();
            assert_eq!(response.json()["error"]["retryAfter"], retry_after);
            assert!((1..=72).contains(&retry_after), "{retry_after}");
        }
    }
    allowed
}

#[tokio::test(flavor = "multi_thread")]
async fn rate_limit_is_exact_across_sixteen_instances() {
    let app = TestApp::start_with(|builder| builder.parameter("ReadLimit", "40").instances(16)).await;
    let customer = app.register("ada").await;
    let allowed = allowed(12, |_| app.request(Method::GET, "/v1/orders").by(&customer)).await;
    // The requests take less than a minute, so all of them are in one window.
    assert!((30..=40).contains(&allowed), "{allowed} of 192 requests allowed");
    let counted = app.stack().faults().calls_of("api-orders");
    let writes =
        counted.iter().filter(|call| call.service == Service::DynamoDb && call.operation == "UpdateItem");
    assert!(writes.count() < 80, "most requests need no write");
}

#[tokio::test(flavor = "multi_thread")]
async fn forged_addresses_share_the_limit_of_the_real_address() {
    let app = TestApp::start_with(|builder| builder.parameter("ReadLimit", "20")).await;
    let allowed = allowed(12, |n| {
        let forged = format!("203.0.113.{n}");
        app.request(Method::GET, "/v1/markets").header("x-forwarded-for", &forged)
    })
    .await;
    assert!((15..=20).contains(&allowed), "{allowed}");
}

#[tokio::test(flavor = "multi_thread")]
async fn each_instance_limits_reads_if_the_counters_fail() {
    let app = TestApp::start_with(|builder| builder.parameter("ReadLimit", "5").instances(1)).await;
    let customer = app.register("ada").await;
    let outage = Rule::new("api-orders", Fault::unavailable()).operation("UpdateItem").times(u64::MAX);
    app.stack().faults().inject(outage);
    let allowed = allowed(1, |_| app.request(Method::GET, "/v1/orders").by(&customer)).await;
    assert_eq!(allowed, 5);
    let calls = app.stack().faults().calls_of("api-orders");
    let attempts = calls.iter().filter(|call| call.operation == "UpdateItem").count();
    assert!(attempts <= 2 * 16, "{attempts} attempts for 16 requests");
}

#[tokio::test(flavor = "multi_thread")]
async fn correct_password_is_refused_after_ten_failed_logins() {
    let app = TestApp::start().await;
    let customer = app.register("ada").await;
    let login = |password: &'static str| {
        let body = serde_json::json!({ "email": customer.email, "password": password });
        let request = app.request(Method::POST, "/v1/auth/login").json(&body);
        async move { request.send().await }
    };
    let right = "correct horse battery staple";
    assert_eq!(login(right).await.status, StatusCode::OK);
    // Concurrent attempts are counted like consecutive ones.
    let guesses = futures::future::join_all((0..25).map(|_| login("a wrong password"))).await;
    let tried = guesses.iter().filter(|response| response.status == StatusCode::UNAUTHORIZED).count();
    assert!(tried <= 10, "{tried}");
    let refused = login(right).await;
    if refused.status == StatusCode::OK {
        // A new 15-minute window started during the test.
        return;
    }
    assert_eq!(refused.code(StatusCode::TOO_MANY_REQUESTS), "TOO_MANY_ATTEMPTS");
    assert!(refused.headers["retry-after"].to_str().unwrap().parse::<u32>().unwrap() <= 900);
    let other = app.register("bea").await;
    assert!(!other.token.is_empty());
}
