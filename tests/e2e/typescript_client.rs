//! The TypeScript client, generated from the API's description: it compiles (`make client`), and its example sells, buys and
//! gives money back on the running system.

use std::path::PathBuf;
use std::process::Command;

use test_support::{TestApp, workspace};

/// Node.js: the one that `make client` installed.
fn node() -> PathBuf {
    workspace(".venv/bin/node")
}

#[tokio::test(flavor = "multi_thread")]
async fn the_typescript_client_places_an_order_and_refunds_it() {
    let shop = TestApp::open().await;
    let example = workspace("clients/typescript/dist/examples/order.js");
    assert!(example.exists(), "the client is not built: run `make client`");
    let url = shop.stack().url().clone();
    let run = move || Command::new(node()).arg(example).arg(url).output();
    let ended = tokio::task::spawn_blocking(run).await.unwrap().unwrap();
    let (said, failed) = (String::from_utf8_lossy(&ended.stdout), String::from_utf8_lossy(&ended.stderr));
    assert!(ended.status.success(), "{said}{failed}");
    let told: serde_json::Value = serde_json::from_str(&said).unwrap();
    assert_eq!(told["status"], "refunded");
    assert_eq!(told["confirmed"], serde_json::json!({ "amount": 3_998, "currency": "EUR" }));
}
