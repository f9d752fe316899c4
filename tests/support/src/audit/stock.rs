//! Pieces, in any version of any stock and any order.

use shared::domain::order::Order;
use shared::domain::order::state_machine::stock_position::StockPosition;
use shared::domain::product::Stock;

use super::{History, Invariant, Violation};

/// No counter was ever below zero, and what an order gave back, it gave back once and for good.
pub(super) fn in_any_version(history: &History) -> Vec<Violation> {
    let mut found = Vec::new();
    for (key, versions, _) in history.of::<Stock>() {
        let below = versions.iter().find(|stock| stock.available < 0 || stock.reserved < 0 || stock.sold < 0);
        if let Some(stock) = below {
            let was = format!("it had a negative count: {stock:?}");
            found.push(Violation::new(Invariant::Stock, &key.pk, "no counter below zero, ever", was));
        }
    }
    for (key, versions, _) in history.of::<Order>() {
        let moves = moves(&versions);
        let mut returned = moves.windows(2).filter(|pair| pair[1] == StockPosition::Available);
        let again = returned.next().is_some() && returned.next().is_some();
        if again || moves.windows(2).any(|pair| pair == [StockPosition::Sold, StockPosition::Reserved]) {
            let expected = "pieces that are held once, sold once, and given back once";
            found.push(Violation::new(Invariant::Stock, &key.pk, expected, format!("they were {moves:?}")));
        }
    }
    found
}

/// Where an order's pieces were, one after the other.
fn moves(versions: &[Order]) -> Vec<StockPosition> {
    let mut moves: Vec<StockPosition> = versions.iter().map(Order::pieces).collect();
    moves.dedup();
    moves
}
