//! Rate limits over all instances, and limits of failed logins.

use http::{Method, StatusCode};
use local::faults::Service;
use test_support::TestApp;

#[tokio::test(flavor = "multi_thread")]
async fn rate_limit_holds_across_instances() {
    let app = TestApp::start_with(|builder| builder.parameter("ReadsPerMinute", "40").instances(4)).await;
    let customer = app.register("ada").await;
    let (mut granted, mut refused) = (0, 0);
    for _ in 0..10 {
        let requests = (0..12).map(|_| app.request(Method::GET, "/v1/orders").by(&customer).send());
        for response in futures::future::join_all(requests).await {
            assert!(response.headers.contains_key("ratelimit-policy"), "{response:?}");
            if response.status == StatusCode::OK {
                granted += 1;
            } else {
                assert_eq!(response.code(StatusCode::TOO_MANY_REQUESTS), "RATE_LIMITED");
                assert!(response.headers.contains_key("retry-after"));
                refused += 1;
            }
        }
    }
    // A new window may start once during the test; each window has its own limit of 40.
    assert!((1..=80).contains(&granted) && granted + refused == 120, "{granted} granted, {refused} refused");
    let counted = app.stack().faults().calls_of("api-orders");
    let writes =
        counted.iter().filter(|call| call.service == Service::DynamoDb && call.operation == "UpdateItem");
    assert!(writes.count() < 80, "most requests need no write");
}

#[tokio::test(flavor = "multi_thread")]
async fn forged_addresses_share_the_limit_of_the_real_address() {
    let app = TestApp::start_with(|builder| builder.parameter("ReadsPerMinute", "20")).await;
    let requests = (0..200).map(|n| {
        let forged = format!("203.0.113.{}", n % 250);
        app.request(Method::GET, "/v1/markets").header("x-forwarded-for", &forged).send()
    });
    let responses = futures::future::join_all(requests).await;
    let granted = responses.iter().filter(|response| response.status == StatusCode::OK).count();
    assert!((1..=40).contains(&granted), "{granted}");
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
