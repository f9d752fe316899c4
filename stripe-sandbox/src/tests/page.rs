//! Web page of the sandbox.

use axum::body::Body;
use hyper::Request;

use super::Fixture;

async fn page(fixture: &Fixture) -> String {
    let response = fixture.call(Request::get("/sandbox").body(Body::empty()).unwrap()).await;
    let page = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
    String::from_utf8(page.to_vec()).unwrap()
}

#[tokio::test]
async fn page_shows_the_balance_and_every_kind_of_object() {
    let fixture = Fixture::new();
    fixture.add_funds().await;
    fixture.create_captured_payment().await;
    let account = fixture.create_enabled_account().await;
    fixture.post("/v1/transfers", &format!("amount=1000&currency=eur&destination={account}")).await;
    let intent = &fixture.sandbox.ledger().intents[0].id;
    fixture.post("/sandbox/disputes", &format!("payment_intent={intent}&amount=5&inquiry=true")).await;
    fixture.post("/sandbox/payouts", "currency=eur&amount=44").await;
    let page = page(&fixture).await;
    for row in [
        "<td>eur<td>900<td>1944",
        "<td>payout<td>-44 eur<td>0<td>-44<td>",
        "<td>transfer<td>-1000 eur<td>0<td>-1000<td>",
        "<td>charge<td>1999 eur<td>55<td>1944<td>11-16 22:13:20<td>",
        "<td>active<td>acct_",
        "<td>1000 eur<td>0<td>tr_",
        "<td>warning_needs_response<td>5 eur<td>fraudulent<td>du_",
        "<td>pending<td>44 eur<td>po_",
    ] {
        assert!(page.contains(row), "{row} in {page}");
    }
    let (newest, older) = (page.find("<td>payout<td>-44").unwrap(), page.find("<td>transfer<td>").unwrap());
    assert!(newest < older, "the journal is newest first");
}

#[tokio::test]
async fn page_escapes_texts_of_callers_and_fits_small_screens() {
    let fixture = Fixture::new();
    fixture.add_funds().await;
    let account = fixture.post("/v1/accounts", "type=express&email=%3Cscript%3E%40a.test").await.json;
    let account = account["id"].as_str().unwrap();
    let capable = "type=express&capabilities[transfers][requested]=true";
    let receiver = fixture.post("/v1/accounts", capable).await.json["id"].as_str().unwrap().to_owned();
    fixture.post(&format!("/sandbox/accounts/{receiver}/complete"), "").await;
    let form = format!("amount=5&currency=eur&destination={receiver}&transfer_group=%3Cscript%3E%26%22");
    assert_eq!(fixture.post("/v1/transfers", &form).await.status, 200);
    let page = page(&fixture).await;
    assert!(page.contains(account) && page.contains("&lt;script&gt;@a.test"), "{page}");
    assert!(page.contains("&lt;script&gt;&amp;&quot;") && !page.contains("<script"), "{page}");
    assert!(page.contains("name=viewport") && page.contains("div{overflow-x:auto"));
}
