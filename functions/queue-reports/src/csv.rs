//! The rows of a sales report: comma-separated values (RFC 4180).

use std::borrow::Cow;

use csv::{Terminator, WriterBuilder};
use shared::domain::order::Order;
use shared::domain::refund::RefundStatus;

const HEADER: [&str; 8] =
    ["orderId", "createdAt", "status", "buyerId", "items", "total", "refunded", "currency"];

/// What spreadsheets take for the beginning of a formula (OWASP, "CSV Injection").
const FORMULAS: [char; 7] = ['=', '+', '-', '@', '\t', '\r', '\n'];

/// The orders as rows, under a heading if there is to be one. Money is in minor units, as everywhere.
pub(crate) fn text(orders: &[Order], has_heading: bool) -> Result<String, csv::Error> {
    let mut writer = WriterBuilder::new().terminator(Terminator::CRLF).from_writer(Vec::new());
    if has_heading {
        writer.write_record(HEADER)?;
    }
    for order in orders {
        writer.write_record(row(order).iter().map(|cell| escape_formula(cell).into_owned()))?;
    }
    let bytes = writer.into_inner().map_err(|error| csv::Error::from(error.into_error()))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn row(order: &Order) -> [String; 8] {
    let pieces: u64 = order.lines.iter().map(|line| u64::from(line.quantity.get())).sum();
    let back = order.refunds.iter().filter(|refund| refund.status == RefundStatus::Succeeded);
    let refunded: i64 = back.map(|refund| refund.amount.amount()).sum();
    [
        order.id.to_string(),
        order.created_at.to_string(),
        order.status.as_str().to_owned(),
        order.buyer_id.to_string(),
        pieces.to_string(),
        order.total.amount().to_string(),
        refunded.to_string(),
        order.total.currency().as_str().to_owned(),
    ]
}

/// The cell as text that no spreadsheet runs.
fn escape_formula(cell: &str) -> Cow<'_, str> {
    if cell.starts_with(FORMULAS) { Cow::Owned(format!("'{cell}")) } else { Cow::Borrowed(cell) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_spreadsheet_would_run_is_text() {
        for formula in ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1"] {
            assert_eq!(escape_formula(formula), format!("'{formula}"));
        }
        for cell in ["", "usr_1", "2027-01-15T08:00:00.000Z", "'=1", "a=b"] {
            assert_eq!(escape_formula(cell), cell);
        }
    }

    #[test]
    fn no_orders_are_a_heading_and_nothing_more() {
        let heading = "orderId,createdAt,status,buyerId,items,total,refunded,currency\r\n";
        assert_eq!(text(&[], true).unwrap(), heading);
        assert_eq!(text(&[], false).unwrap(), "");
    }
}
