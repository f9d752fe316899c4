//! Formats a sales report as comma-separated values (RFC 4180).

use std::borrow::Cow;

use csv::{Terminator, WriterBuilder};
use shared::domain::order::lines::{LineAmounts, OrderLine};
use shared::domain::order::payment::refund::lines::RefundLine;
use shared::domain::order::{Order, OrderId};

const HEADER: [&str; COLUMNS] = [
    "orderId",
    "createdAt",
    "status",
    "buyerId",
    "line",
    "code",
    "title",
    "quantity",
    "net",
    "tax",
    "taxBasisPoints",
    "gross",
    "refundedQuantity",
    "refundedNet",
    "refundedTax",
    "refundedGross",
    "currency",
];

/// Number of columns. `code` is the SKU of a product, or the id of a shipping option.
const COLUMNS: usize = 17;

/// Characters that start a formula in a spreadsheet (OWASP, "CSV Injection").
const FORMULA_PREFIXES: [char; 7] = ['=', '+', '-', '@', '\t', '\r', '\n'];

/// Status of a row for an order whose stored item is damaged. The other cells are empty.
const UNREADABLE: &str = "unreadable";

/// Formats the lines of orders as rows, with a header row if `with_header`. Amounts are in minor units.
pub(crate) fn format_rows(
    orders: &[Result<Order, OrderId>],
    with_header: bool,
) -> Result<String, csv::Error> {
    let mut writer = WriterBuilder::new().terminator(Terminator::CRLF).from_writer(Vec::new());
    if with_header {
        writer.write_record(HEADER)?;
    }
    for order in orders {
        for row in order.as_ref().map_or_else(|id| vec![unreadable_row(*id)], rows) {
            writer.write_record(row.iter().map(|cell| escape_formula(cell).into_owned()))?;
        }
    }
    let bytes = writer.into_inner().map_err(|error| csv::Error::from(error.into_error()))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// Rows of an order: one for each line.
fn rows(order: &Order) -> Vec<[String; COLUMNS]> {
    let lines = order.lines.iter().enumerate();
    lines
        .map(|(position, (line, amounts))| row(order, line, amounts, &order.refunded_line(position)))
        .collect()
}

fn row(order: &Order, line: &OrderLine, amounts: LineAmounts, refunded: &RefundLine) -> [String; COLUMNS] {
    let (kind, code, title, units, tax) = match line {
        OrderLine::Item(line) => {
            ("item", line.sku.as_str(), line.title.as_str(), line.quantity.get(), line.tax.as_ref())
        }
        OrderLine::Shipping(line) => {
            ("shipping", line.option_id.as_str(), line.name.as_str(), 1, line.tax.as_ref())
        }
    };
    [
        order.id.to_string(),
        order.created_at.to_string(),
        order.status.to_string(),
        order.buyer_id.to_string(),
        kind.to_owned(),
        code.to_owned(),
        title.to_owned(),
        units.to_string(),
        amounts.net.amount().to_string(),
        amounts.tax.amount().to_string(),
        tax.map_or(0, |tax| i64::from(tax.rate_basis_points)).to_string(),
        amounts.gross.amount().to_string(),
        refunded.units.to_string(),
        refunded.amounts.net.amount().to_string(),
        refunded.amounts.tax.amount().to_string(),
        refunded.amounts.gross.amount().to_string(),
        amounts.gross.currency().as_str().to_owned(),
    ]
}

fn unreadable_row(id: OrderId) -> [String; COLUMNS] {
    let mut row = <[String; COLUMNS]>::default();
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
        let header = HEADER.join(",") + "\r\n";
        assert_eq!(format_rows(&[], true).unwrap(), header);
        assert_eq!(format_rows(&[], false).unwrap(), "");
    }
}
