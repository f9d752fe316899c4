//! `GET /sandbox`: web page with the balance and all objects. It loads no external resources.

mod tables;

use axum::extract::State;
use axum::response::Html;
use jiff::Timestamp;

use crate::Sandbox;
use tables::TABLES;

/// Maximum number of rows per table, to keep the page fast.
const MAX_ROWS: usize = 200;

/// Tables scroll by themselves, so that the page fits any width.
const HEAD: &str = "<!doctype html><html lang=en><meta charset=utf-8>\
    <meta name=viewport content=\"width=device-width\"><title>Payment sandbox</title><style>\
    body{font:15px system-ui;margin:0 auto;padding:1rem;max-width:75rem;overflow-wrap:anywhere}\
    div{overflow-x:auto;margin-bottom:2rem}table{border-collapse:collapse;font-size:13px;min-width:100%}\
    th,td{text-align:left;padding:.3rem .5rem;border-bottom:1px solid #ddd;max-width:15rem;min-width:4rem;\
    vertical-align:top}code{font-size:13px}nav a{margin-right:1rem;display:inline-block}</style><h1>Payment sandbox</h1>\
    <p>Newest first. As JSON: <a href=/sandbox/ledger>ledger</a>, <a href=/sandbox/behaviour>fault rules</a>, \
    <a href=/sandbox/terms>fees</a>.\
    <p>To pay as the customer: <code>curl -d payment_method=pm_card_visa …/sandbox/payment_intents/pi_…/pay</code>\
    <p>To authenticate as the customer: <code>curl -X POST …/sandbox/payment_intents/pi_…/pay</code>; to fail, add \
    <code>-d authentication=fail</code>\
    <p>To let a refund succeed or fail later: <code>curl -X POST …/sandbox/refunds/re_…/settle</code>\
    <p>To enable a connected account: <code>curl -X POST …/sandbox/accounts/acct_…/complete</code>\
    <p>To dispute a charge: <code>curl -d charge=ch_… …/sandbox/disputes</code>; to decide: \
    <code>curl -X POST …/sandbox/disputes/du_…/win</code>";

/// Table of the page.
struct Table {
    title: &'static str,
    columns: &'static [&'static str],
    rows: fn(&Sandbox) -> Vec<Vec<String>>,
}

pub(super) async fn show(State(sandbox): State<Sandbox>) -> Html<String> {
    let links = TABLES.iter().map(|table| {
        let anchor = anchor(table.title);
        format!("<a href=#{anchor}>{}</a>", table.title)
    });
    let tables = TABLES.iter().map(|table| table.html(&sandbox));
    let parts: Vec<String> = links.chain(["</nav>".to_owned()]).chain(tables).collect();
    Html(format!("{HEAD}<nav>{}", parts.concat()))
}

impl Table {
    fn html(&self, sandbox: &Sandbox) -> String {
        let heads: Vec<_> = self.columns.iter().map(|column| format!("<th>{column}")).collect();
        let rows = (self.rows)(sandbox);
        let rows: Vec<_> = rows.iter().take(MAX_ROWS).map(|cells| row(cells)).collect();
        format!(
            "<h2 id={}>{}</h2><div><table><tr>{}{}</table></div>",
            anchor(self.title),
            self.title,
            heads.concat(),
            rows.concat()
        )
    }
}

fn anchor(title: &str) -> String {
    title.to_ascii_lowercase().replace(' ', "-")
}

fn row(cells: &[String]) -> String {
    let cells: Vec<_> = cells.iter().map(|cell| format!("<td>{}", escaped(cell))).collect();
    format!("<tr>{}", cells.concat())
}

/// Date and time without the year and fractions of a second.
fn short(time: Timestamp) -> String {
    time.strftime("%m-%d %H:%M:%S").to_string()
}

pub(super) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
