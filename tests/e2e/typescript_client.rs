//! The generated TypeScript client: its example program sells, quotes, buys and refunds on the running stack. `make
//! client` builds it.

use std::path::PathBuf;
use std::process::Command;

use serde_json::{Value, json};
use test_support::{TestApp, workspace};

/// Path of the Node.js that `make client` installs.
fn node() -> PathBuf {
    workspace(".venv/bin/node")
}

#[tokio::test(flavor = "multi_thread")]
async fn typescript_client_places_and_refunds_an_order() {
    let app = TestApp::start().await;
    let example = workspace("clients/typescript/dist/examples/order.js");
    assert!(example.exists(), "the client is not built: run `make client`");
    let url = app.stack().url().clone();
    let run = move || Command::new(node()).arg(example).arg(url).output();
    let output = tokio::task::spawn_blocking(run).await.unwrap().unwrap();
    let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{stdout}{stderr}");
    let result: Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!(result["status"], "refunded");
    let euros = |amount: i64| json!({ "amount": amount, "currency": "EUR" });
    assert_eq!((&result["confirmed"], &result["tax"]), (&euros(4_488), &euros(638 + 78)));
    let refund = &result["refunds"][0];
    let line = &refund["lines"][0];
    assert_eq!((&refund["amount"], &line["quantity"]), (&euros(1_999), &json!(1)));
    assert_eq!((&line["net"], &line["tax"], &line["gross"]), (&euros(1_680), &euros(319), &euros(1_999)));
}
