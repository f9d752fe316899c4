//! `GET /sandbox`: web page with payment intents and refunds. It loads no external resources.

use std::fmt::Write as _;

use axum::extract::State;
use axum::response::Html;

use crate::Sandbox;
use crate::intent::PaymentIntent;
use crate::refund::Refund;

/// Maximum number of rows per table, to keep the page fast.
const MAX_ROWS: usize = 200;

const HEAD: &str = "<!doctype html><html lang=en><meta charset=utf-8><title>Payment sandbox</title><style>\
    body{font:15px system-ui;margin:2rem}table{border-collapse:collapse;margin-bottom:2rem}\
    th,td{text-align:left;padding:.3rem .8rem;border-bottom:1px solid #ddd}td.n{text-align:right}\
    code{font-size:13px}</style><h1>Payment sandbox</h1>\
    <p>Newest first. As JSON: <a href=/sandbox/ledger>ledger</a>, <a href=/sandbox/behaviour>fault rules</a>.\
    <p>To pay as the customer: <code>curl -d payment_method=pm_card_visa …/sandbox/payment_intents/pi_…/pay</code>\
    <p>To let a refund succeed or fail later: <code>curl -X POST …/sandbox/refunds/re_…/settle</code>";

pub(super) async fn show(State(sandbox): State<Sandbox>) -> Html<String> {
    let ledger = sandbox.ledger();
    let mut page = HEAD.to_owned();
    page.push_str("<h2>Payment intents</h2><table><tr><th>Created<th>Intent<th>Order<th>Amount<th>Refunded<th>Status<th>Charges");
    ledger.intents.iter().rev().take(MAX_ROWS).for_each(|intent| intent_row(&mut page, intent));
    page.push_str(
        "</table><h2>Refunds</h2><table><tr><th>Created<th>Refund<th>Intent<th>Order<th>Amount<th>Status<th>Reason",
    );
    ledger.refunds.iter().rev().take(MAX_ROWS).for_each(|refund| refund_row(&mut page, refund));
    page.push_str("</table>");
    Html(page)
}

fn intent_row(page: &mut String, intent: &PaymentIntent) {
    let refunded = intent.captured_charge().map_or(0, |charge| charge.amount_refunded);
    let charges = intent.charges.iter().map(|charge| match &charge.failure {
        None => format!("{} succeeded", charge.payment_method),
        Some(failure) => {
            format!("{} {}", charge.payment_method, failure.decline_code.as_ref().unwrap_or(&failure.code))
        }
    });
    row(
        page,
        &[
            &intent.created.to_string(),
            &intent.id,
            intent.order_id().unwrap_or_default(),
            &format!("{} {}", intent.amount, intent.currency),
            &refunded.to_string(),
            intent.status.as_str(),
            &charges.collect::<Vec<_>>().join(", "),
        ],
    );
}

fn refund_row(page: &mut String, refund: &Refund) {
    row(
        page,
        &[
            &refund.created.to_string(),
            &refund.id,
            &refund.payment_intent,
            refund.order_id.as_deref().unwrap_or_default(),
            &format!("{} {}", refund.amount, refund.currency),
            refund.status.as_str(),
            refund.reason.as_deref().unwrap_or_default(),
        ],
    );
}

fn row(page: &mut String, cells: &[&str]) {
    page.push_str("<tr>");
    for cell in cells {
        // Writing to a string cannot fail.
        let _ = write!(page, "<td>{}", escaped(cell));
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
