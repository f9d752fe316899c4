//! Stock in the whole history of stocks and orders.

use shared::domain::order::Order;
use shared::domain::order::state_machine::stock_position::StockPosition;
use shared::domain::product::Stock;

use super::{History, Invariant, Violation};

/// Checks that no counter was ever negative, and that each order returned its units at most once and for
/// good.
pub(super) fn in_any_version(history: &History) -> Vec<Violation> {
    let mut found = Vec::new();
    for (key, versions, _) in history.of::<Stock>() {
        let negative =
            versions.iter().find(|stock| stock.available < 0 || stock.reserved < 0 || stock.sold < 0);
        if let Some(stock) = negative {
            let was = format!("a negative counter: {stock:?}");
            found.push(Violation::new(Invariant::Stock, &key.pk, "no counter is ever negative", was));
        }
    }
    for (key, versions, _) in history.of::<Order>() {
        let positions = positions(&versions);
        let mut returned = positions.windows(2).filter(|pair| pair[1] == StockPosition::Available);
        let returned_twice = returned.next().is_some() && returned.next().is_some();
        if returned_twice
            || positions.windows(2).any(|pair| pair == [StockPosition::Sold, StockPosition::Reserved])
        {
            let expected = "units are reserved, sold and returned at most once";
            found.push(Violation::new(
                Invariant::Stock,
                &key.pk,
                expected,
                format!("positions {positions:?}"),
            ));
        }
    }
    found
}

/// Successive stock positions of an order.
fn positions(versions: &[Order]) -> Vec<StockPosition> {
    let mut positions: Vec<StockPosition> = versions.iter().map(Order::stock_position).collect();
    positions.dedup();
    positions
}
