//! Formats a sales report as comma-separated values (RFC 4180).

use std::borrow::Cow;

use csv::{Terminator, WriterBuilder};
use shared::domain::order::payment::refund::RefundStatus;
use shared::domain::order::{Order, OrderId};

const HEADER: [&str; 8] =
    ["orderId", "createdAt", "status", "buyerId", "items", "total", "refunded", "currency"];

/// Characters that start a formula in a spreadsheet (OWASP, "CSV Injection").
const FORMULA_PREFIXES: [char; 7] = ['=', '+', '-', '@', '\t', '\r', '\n'];

/// Status of a row for an order whose stored item is damaged. The other cells are empty.
const UNREADABLE: &str = "unreadable";

/// Formats orders as rows, with a header row if `with_header`. Amounts are in minor units.
pub(crate) fn format_rows(
    orders: &[Result<Order, OrderId>],
    with_header: bool,
) -> Result<String, csv::Error> {
    let mut writer = WriterBuilder::new().terminator(Terminator::CRLF).from_writer(Vec::new());
    if with_header {
        writer.write_record(HEADER)?;
    }
    for order in orders {
        let row = order.as_ref().map_or_else(|id| unreadable_row(*id), row);
        writer.write_record(row.iter().map(|cell| escape_formula(cell).into_owned()))?;
    }
    let bytes = writer.into_inner().map_err(|error| csv::Error::from(error.into_error()))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn row(order: &Order) -> [String; 8] {
    let units: u64 = order.lines.iter().map(|line| u64::from(line.quantity.get())).sum();
    let succeeded = order.refunds.iter().filter(|refund| refund.status == RefundStatus::Succeeded);
    let refunded: i64 = succeeded.map(|refund| refund.amount.amount()).sum();
    [
        order.id.to_string(),
        order.created_at.to_string(),
        order.status.to_string(),
        order.buyer_id.to_string(),
        units.to_string(),
        order.total.amount().to_string(),
        refunded.to_string(),
        order.total.currency().as_str().to_owned(),
    ]
}

fn unreadable_row(id: OrderId) -> [String; 8] {
    let mut row = <[String; 8]>::default();
    row[0] = id.to_string();
    UNREADABLE.clone_into(&mut row[2]);
    row
}

/// Prefixes a cell with an apostrophe if a spreadsheet would run it as a formula.
fn escape_formula(cell: &str) -> Cow<'_, str> {
    if cell.starts_with(FORMULA_PREFIXES) { Cow::Owned(format!("'{cell}")) } else { Cow::Borrowed(cell) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_are_escaped() {
        for formula in ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1"] {
            assert_eq!(escape_formula(formula), format!("'{formula}"));
        }
        for cell in ["", "usr_1", "2027-01-15T08:00:00.000Z", "'=1", "a=b"] {
            assert_eq!(escape_formula(cell), cell);
        }
    }

    #[test]
    fn no_orders_yield_only_the_header() {
        let header = "orderId,createdAt,status,buyerId,items,total,refunded,currency\r\n";
        assert_eq!(format_rows(&[], true).unwrap(), header);
        assert_eq!(format_rows(&[], false).unwrap(), "");
    }
}
