//! `GET /sandbox`: web page with payment intents and refunds. It loads no external resources.

use std::fmt::Write as _;

use axum::extract::State;
use axum::response::Html;
use jiff::Timestamp;

use crate::Sandbox;
use crate::intent::PaymentIntent;
use crate::refund::Refund;

/// Maximum number of rows per table, to keep the page fast.
const MAX_ROWS: usize = 200;

const HEAD: &str = "<!doctype html><html lang=en><meta charset=utf-8><title>Payment sandbox</title><style>\
    body{font:15px system-ui;margin:2rem}table{border-collapse:collapse;margin-bottom:2rem;font-size:13px}\
    th,td{text-align:left;padding:.3rem .5rem;border-bottom:1px solid #ddd;max-width:15rem;overflow-wrap:anywhere}\
    code{font-size:13px}</style><h1>Payment sandbox</h1>\
    <p>Newest first. As JSON: <a href=/sandbox/ledger>ledger</a>, <a href=/sandbox/behaviour>fault rules</a>.\
    <p>To pay as the customer: <code>curl -d payment_method=pm_card_visa …/sandbox/payment_intents/pi_…/pay</code>\
    <p>To authenticate as the customer: <code>curl -X POST …/sandbox/payment_intents/pi_…/pay</code>; to fail, add \
    <code>-d authentication=fail</code>\
    <p>To let a refund succeed or fail later: <code>curl -X POST …/sandbox/refunds/re_…/settle</code>";

pub(super) async fn show(State(sandbox): State<Sandbox>) -> Html<String> {
    let ledger = sandbox.ledger();
    let mut page = HEAD.to_owned();
    page.push_str("<h2>Payment intents</h2><table><tr><th>Created (UTC)<th>Status<th>Amount<th>Refunded<th>Intent<th>Order<th>Charges");
    ledger.intents.iter().rev().take(MAX_ROWS).for_each(|intent| intent_row(&mut page, intent));
    page.push_str(
        "</table><h2>Refunds</h2><table><tr><th>Created (UTC)<th>Status<th>Amount<th>Refund<th>Intent<th>Order<th>Reason",
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
            &short(intent.created),
            intent.status.as_str(),
            &format!("{} {}", intent.amount, intent.currency),
            &refunded.to_string(),
            &intent.id,
            intent.order_id().unwrap_or_default(),
            &charges.collect::<Vec<_>>().join(", "),
        ],
    );
}

fn refund_row(page: &mut String, refund: &Refund) {
    row(
        page,
        &[
            &short(refund.created),
            refund.status.as_str(),
            &format!("{} {}", refund.amount, refund.currency),
            &refund.id,
            &refund.payment_intent,
            refund.order_id.as_deref().unwrap_or_default(),
            refund.reason.as_deref().unwrap_or_default(),
        ],
    );
}

/// Date and time without the year and fractions of a second.
fn short(time: Timestamp) -> String {
    time.strftime("%m-%d %H:%M:%S").to_string()
}

fn row(page: &mut String, cells: &[&str]) {
    page.push_str("<tr>");
    for cell in cells {
        // Writing to a string cannot fail.
        let _ = write!(page, "<td>{}", escaped(cell));
    }
}

pub(super) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
