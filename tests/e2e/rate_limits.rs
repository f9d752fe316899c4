//! Limits that hold over all instances, and costs nobody who keeps to them.

use http::{Method, StatusCode};
use local::faults::Service;
use test_support::TestApp;

#[tokio::test(flavor = "multi_thread")]
async fn several_instances_together_grant_no_more_reads_than_the_limit() {
    let shop = TestApp::open_with(|builder| builder.parameter("ReadsPerMinute", "40").instances(4)).await;
    let customer = shop.customer("ada").await;
    let (mut granted, mut refused) = (0, 0);
    for _ in 0..10 {
        let asked = (0..12).map(|_| shop.ask(Method::GET, "/v1/orders").by(&customer).send());
        for answer in futures::future::join_all(asked).await {
            assert!(answer.headers.contains_key("ratelimit-policy"), "{answer:?}");
            if answer.status == StatusCode::OK {
                granted += 1;
            } else {
                assert_eq!(answer.code(StatusCode::TOO_MANY_REQUESTS), "RATE_LIMITED");
                assert!(answer.headers.contains_key("retry-after"));
                refused += 1;
            }
        }
    }
    // A minute may end in between, once: each window has its own forty.
    assert!((1..=80).contains(&granted) && granted + refused == 120, "{granted} granted, {refused} refused");
    let counted = shop.stack().faults().calls_of("api-orders");
    let writes =
        counted.iter().filter(|call| call.service == Service::DynamoDb && call.operation == "UpdateItem");
    assert!(writes.count() < 80, "a request costs less than one write");
}

#[tokio::test(flavor = "multi_thread")]
async fn forged_addresses_share_the_limit_of_the_real_one() {
    let shop = TestApp::open_with(|builder| builder.parameter("ReadsPerMinute", "20")).await;
    let asked = (0..200).map(|n| {
        let forged = format!("203.0.113.{}", n % 250);
        shop.ask(Method::GET, "/v1/markets").header("x-forwarded-for", &forged).send()
    });
    let answers = futures::future::join_all(asked).await;
    let granted = answers.iter().filter(|answer| answer.status == StatusCode::OK).count();
    assert!((1..=40).contains(&granted), "{granted}");
}

#[tokio::test(flavor = "multi_thread")]
async fn after_ten_failed_logins_even_the_right_password_waits() {
    let shop = TestApp::open().await;
    let customer = shop.customer("ada").await;
    let login = |password: &'static str| {
        let body = serde_json::json!({ "email": customer.email, "password": password });
        let ask = shop.ask(Method::POST, "/v1/auth/login").json(&body);
        async move { ask.send().await }
    };
    let right = "correct horse battery staple";
    assert_eq!(login(right).await.status, StatusCode::OK);
    // Guesses made at once are counted as if they came one by one.
    let guesses = futures::future::join_all((0..25).map(|_| login("a wrong password"))).await;
    let tried = guesses.iter().filter(|answer| answer.status == StatusCode::UNAUTHORIZED).count();
    assert!(tried <= 10, "{tried}");
    let refused = login(right).await;
    if refused.status == StatusCode::OK {
        // The quarter of an hour ended in between: the next one counts anew.
        return;
    }
    assert_eq!(refused.code(StatusCode::TOO_MANY_REQUESTS), "TOO_MANY_ATTEMPTS");
    assert!(refused.headers["retry-after"].to_str().unwrap().parse::<u32>().unwrap() <= 900);
    let other = shop.customer("bea").await;
    assert!(!other.token.is_empty());
}
