//! The first administrator, whom nobody over HTTP can appoint.

use std::process::Output;

use http::{Method, StatusCode};
use local::stack::default_bin_dir;
use local::system::arn;
use test_support::{TestApp, TestUser};
use tokio::process::Command;

/// What `local appoint` says for an address.
async fn appoint(shop: &TestApp, email: &str) -> Output {
    let table = shop.stack().table_name("Table").unwrap();
    Command::new(default_bin_dir().join("local"))
        .args(["appoint", "--table", table, "--email", email])
        .env_clear()
        .env("AWS_REGION", arn::REGION)
        .env("AWS_ACCESS_KEY_ID", "local")
        .env("AWS_SECRET_ACCESS_KEY", "local")
        .env("AWS_ENDPOINT_URL_DYNAMODB", shop.stack().dynamodb_endpoint())
        .output()
        .await
        .unwrap()
}

async fn lists_accounts(shop: &TestApp, who: &TestUser) -> StatusCode {
    shop.ask(Method::GET, "/v1/users?role=admin").by(who).send().await.status
}

#[tokio::test(flavor = "multi_thread")]
async fn who_runs_a_deployment_appoints_its_first_administrator() {
    let shop = TestApp::open().await;
    let ada = shop.customer("ada").await;
    assert_eq!(lists_accounts(&shop, &ada).await, StatusCode::FORBIDDEN);
    assert!(!appoint(&shop, "nobody@example.com").await.status.success());

    for _ in 0..2 {
        let said = appoint(&shop, &ada.email).await;
        assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stderr));
    }
    let path = format!("/v1/users/{}", ada.id);
    let account = shop.ask(Method::GET, &path).by(&ada).send().await.data(StatusCode::OK);
    assert_eq!((&account["role"], &account["version"]), (&"admin".into(), &2.into()), "appointed once");
    assert_eq!(lists_accounts(&shop, &ada).await, StatusCode::FORBIDDEN, "her token says what it said");
    let ada = TestUser { token: shop.log_in(&ada.email).await, ..ada };
    assert_eq!(lists_accounts(&shop, &ada).await, StatusCode::OK);
}
