//! The first administrator, whose role the operator grants with `ops grant-admin`.

use std::process::Output;

use http::{Method, StatusCode};
use local::stack::default_bin_dir;
use local::system::arn;
use test_support::{TestApp, TestUser};
use tokio::process::Command;

/// Runs `ops grant-admin` for an address.
async fn grant_admin(app: &TestApp, email: &str) -> Output {
    let table = app.stack().table_name("Table").unwrap();
    Command::new(default_bin_dir().join("ops"))
        .args(["grant-admin", "--table", table, "--email", email])
        .env_clear()
        .env("AWS_REGION", arn::REGION)
        .env("AWS_ACCESS_KEY_ID", "local")
        .env("AWS_SECRET_ACCESS_KEY", "local")
        .env("AWS_ENDPOINT_URL_DYNAMODB", app.stack().dynamodb_endpoint())
        .output()
        .await
        .unwrap()
}

async fn list_admins(app: &TestApp, user: &TestUser) -> StatusCode {
    app.request(Method::GET, "/v1/users?role=admin").by(user).send().await.status
}

#[tokio::test(flavor = "multi_thread")]
async fn operator_grants_the_first_admin_role() {
    let app = TestApp::start().await;
    let ada = app.register("ada").await;
    assert_eq!(list_admins(&app, &ada).await, StatusCode::FORBIDDEN);
    assert!(!grant_admin(&app, "unknown@example.com").await.status.success());

    for _ in 0..2 {
        let output = grant_admin(&app, &ada.email).await;
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    let path = format!("/v1/users/{}", ada.id);
    let account = app.request(Method::GET, &path).by(&ada).send().await.data(StatusCode::OK);
    assert_eq!(
        (&account["role"], &account["version"]),
        (&"admin".into(), &2.into()),
        "the second run changes nothing"
    );
    assert_eq!(list_admins(&app, &ada).await, StatusCode::FORBIDDEN, "the old token has the old role");
    let ada = TestUser { token: app.log_in(&ada.email).await, ..ada };
    assert_eq!(list_admins(&app, &ada).await, StatusCode::OK);
}
