//! Value of the lines that are to be refunded.

use super::RefundError;
use crate::domain::order::Order;
use crate::domain::order::fulfilment::StockPosition;
use crate::domain::order::lines::OrderLine;
use crate::domain::order::payment::refund::lines::{LineLeft, RefundLine};
use crate::domain::product::ProductId;
use crate::domain::values::money::{Money, Quantity};

/// Lines of an order to refund.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinesToRefund {
    /// Products, with the number of units to refund of each.
    pub items: Vec<(ProductId, Quantity)>,
    /// True to refund the shipping.
    pub shipping: bool,
    /// True to return units that have shipped to the stock. Units that have not shipped always return to it.
    pub restock: bool,
}

impl LinesToRefund {
    /// Returns the parts of the lines and their sum. No part is more than what is left of its line. Units that a
    /// refund of `order` has returned to the stock before it failed belong to these parts from now on.
    ///
    /// # Errors
    /// [`RefundError`] if the order does not have these lines, or not as many units left, or if nothing is left of
    /// them to refund.
    pub(super) fn price(&self, order: &mut Order) -> Result<(Vec<RefundLine>, Money), RefundError> {
        let left = order.lines_left();
        let items = self.items.iter().enumerate();
        let mut parts = items
            .map(|(index, item)| self.item(order, &left, index, *item))
            .collect::<Result<Vec<_>, _>>()?;
        if self.shipping {
            parts.push(shipping(order, &left)?);
        }
        let zero = Money::zero(order.total().currency());
        let sum = parts.iter().try_fold(zero, |sum, part| sum.checked_add(part.amounts.gross));
        match sum {
            Ok(sum) if sum.amount() > 0 => Ok((parts, sum)),
            _ => Err(RefundError::NothingLeft(order.id)),
        }
    }

    /// Part of the item with this position in the request.
    fn item(
        &self,
        order: &mut Order,
        left: &[LineLeft],
        index: usize,
        (product, quantity): (ProductId, Quantity),
    ) -> Result<RefundLine, RefundError> {
        if self.items.iter().take(index).any(|(earlier, _)| *earlier == product) {
            return Err(RefundError::Repeated { index });
        }
        let found = order.lines.iter().enumerate().find_map(|(line, (of, amounts))| match of {
            OrderLine::Item(item) if item.product_id == product => Some((line, item.quantity, amounts)),
            _ => None,
        });
        let (line, ordered, whole) = found.ok_or(RefundError::NoSuchLine { index })?;
        let left = left.get(line).ok_or(RefundError::NoSuchLine { index })?;
        let Some(rest) = left.units.checked_sub(quantity.get()) else {
            return Err(RefundError::TooManyUnits { order: order.id, product, index, left: left.units });
        };
        let refunded = ordered.get().saturating_sub(left.units);
        // The last units get what rounding and refunds that were not made have left.
        let amounts = match rest {
            0 => left.amounts,
            _ => {
                left.amounts.part(whole.gross.of_units(refunded..ordered.get().saturating_sub(rest), ordered))
            }
        };
        let units = quantity.get();
        let returns =
            order.stock_position() == StockPosition::Sold && (order.shipment.is_none() || self.restock);
        let taken_over = order.take_over_restocked(line, units);
        let restocked = if returns { units } else { taken_over };
        Ok(RefundLine { line, units, restocked, amounts })
    }
}

fn shipping(order: &Order, left: &[LineLeft]) -> Result<RefundLine, RefundError> {
    let line = order.lines.iter().position(|(line, _)| matches!(line, OrderLine::Shipping(_)));
    let line = line.ok_or(RefundError::NoShipping)?;
    let amounts = left.get(line).ok_or(RefundError::NoShipping)?.amounts;
    Ok(RefundLine { line, units: 0, restocked: 0, amounts })
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;
    use crate::domain::order::lines::{ItemLine, LineAmounts, LineTax, OrderLines, ShippingLine};
    use crate::domain::order::payment::refund::RefundStatus;
    use crate::domain::order::payment::{Capture, GatewayId, Payment};
    use crate::domain::order::refund::{RefundOrder, RefundPart};
    use crate::domain::order::tests::{confirmed, placed};
    use crate::domain::order::{InvalidState, Shipment};
    use crate::domain::tests::{SELLER, actor, at, decide, dollars, euros, refusal};
    use crate::domain::values::money::tax::BasisPoints;
    use crate::kit::command::{Command, Operation};

    type State = (Option<Order>, Option<Payment>);

    fn units(units: i64) -> Quantity {
        Quantity::try_from(units).unwrap()
    }

    /// Products `A`, `B` and so on.
    fn product(number: usize) -> ProductId {
        let last = char::from(b'A' + u8::try_from(number).unwrap());
        format!("prd_01J8Z3K5V0000000000000000{last}").parse().unwrap()
    }

    fn tax(price: Money, rate: i64, included: bool) -> Option<LineTax> {
        let rate_basis_points = BasisPoints::try_from(rate).unwrap();
        let tax = if included { Money::tax_included } else { Money::tax_on_top };
        let amount = tax(price, rate_basis_points);
        (rate > 0).then(|| LineTax { rate_basis_points, amount, name: "VAT".parse().unwrap(), included })
    }

    /// Item with this number: unit price, number of units, and tax.
    fn item(number: usize, (price, quantity, rate, included): (i64, i64, i64, bool)) -> OrderLine {
        let (unit_price, quantity) = (euros(price), units(quantity));
        OrderLine::Item(ItemLine {
            product_id: product(number),
            sku: "MUG-1".parse().unwrap(),
            title: "Mug".parse().unwrap(),
            quantity,
            unit_price,
            tax: tax(unit_price.checked_mul(quantity).unwrap(), rate, included),
        })
    }

    fn shipping_line(amount: i64, rate: i64) -> OrderLine {
        let (option_id, name) = ("standard".parse().unwrap(), "Standard".parse().unwrap());
        let (amount, tax) = (euros(amount), tax(euros(amount), rate, true));
        OrderLine::Shipping(ShippingLine { option_id, name, amount, tax })
    }

    /// Confirmed order of these lines.
    fn order_of(lines: Vec<OrderLine>) -> (Order, Payment) {
        let (order, _) = confirmed();
        let order = Order { lines: OrderLines::try_from(lines).unwrap(), ..order };
        let capture = Capture { gateway_id: GatewayId("pi_1".to_owned()), amount: order.total() };
        let payment = Payment::captured(order.id, &capture, at(0));
        (order, payment)
    }

    /// Three mugs for 10.00 EUR in total with 19 % tax, a book, and shipping.
    fn mixed() -> (Order, Payment) {
        let mugs = item(0, (333, 3, 1_900, true));
        order_of(vec![mugs, item(1, (1_500, 1, 0, true)), shipping_line(490, 1_900)])
    }

    fn refund(part: RefundPart) -> RefundOrder {
        let (id, reason) = (placed(None).id, "cracked".parse().unwrap());
        RefundOrder { id, by: actor(SELLER), may_refund_any: false, part, reason }
    }

    fn of_lines(items: &[(usize, i64)], shipping: bool, restock: bool) -> RefundOrder {
        let items = items.iter().map(|(number, count)| (product(*number), units(*count))).collect();
        refund(RefundPart::Lines(LinesToRefund { items, shipping, restock }))
    }

    fn state(order: &Order, payment: &Payment) -> State {
        (Some(order.clone()), Some(payment.clone()))
    }

    fn gross(order: &Order) -> Vec<i64> {
        order.lines_left().iter().map(|left| left.amounts.gross.amount()).collect()
    }

    #[test]
    fn units_and_shipping_are_refunded_with_their_tax() {
        let (order, payment) = mixed();
        let refunded = decide(&of_lines(&[(0, 1)], true, false), state(&order, &payment), at(7)).output;
        let [refund] = &refunded.refunds[..] else { panic!("{:?}", refunded.refunds) };
        let amounts = |net, tax| LineAmounts { net: euros(net), tax: euros(tax), gross: euros(net + tax) };
        let mug = RefundLine { line: 0, units: 1, restocked: 1, amounts: amounts(280, 53) };
        let shipping = RefundLine { line: 2, units: 0, restocked: 0, amounts: amounts(412, 78) };
        assert_eq!((refund.amount, &refund.lines[..]), (euros(823), &[mug, shipping][..]));
        assert_eq!(gross(&refunded), [666, 1_500, 0]);
        let rest =
            decide(&of_lines(&[(0, 2), (1, 1)], false, false), state(&refunded, &payment), at(8)).output;
        assert_eq!(gross(&rest), [0, 0, 0]);
        let other = Payment { captured: dollars(1), ..payment };
        let refused = refusal(&of_lines(&[(0, 1)], false, false), state(&order, &other), at(7));
        assert_eq!(refused, RefundError::InvalidState(order.id), "the payment is not one of the total");
    }

    #[test]
    fn units_that_have_not_shipped_return_to_the_stock() {
        let (order, payment) = mixed();
        let moved = |order: &Order, restock| {
            let change = of_lines(&[(0, 2)], false, restock).decide(state(order, &payment), at(7)).unwrap();
            let (order, writes, _) = change.into_parts().unwrap();
            let adjusted = writes.iter().filter(|write| matches!(write.operation, Operation::Adjust(_)));
            (order.restocked(0), adjusted.count())
        };
        assert_eq!(moved(&order, false), (2, 1));
        let (carrier, tracking_number) = ("DHL".parse().unwrap(), "1".parse().unwrap());
        let shipped = order.shipped(Shipment { carrier, tracking_number }, Some(&payment), at(1)).unwrap();
        assert_eq!(moved(&shipped, false), (0, 0));
        assert_eq!(moved(&shipped, true), (2, 1));
    }

    #[test]
    fn order_without_units_is_not_shipped() {
        let (order, payment) = mixed();
        let refunded =
            decide(&of_lines(&[(0, 3), (1, 1)], false, false), state(&order, &payment), at(7)).output;
        let (carrier, tracking_number) = ("DHL".parse().unwrap(), "1".parse().unwrap());
        let shipped = refunded.shipped(Shipment { carrier, tracking_number }, Some(&payment), at(8));
        assert_eq!(shipped, Err(InvalidState));
    }

    #[test]
    fn units_of_a_failed_refund_return_to_the_stock_once() {
        let (order, payment) = mixed();
        let mut failed = decide(&of_lines(&[(0, 1)], false, false), state(&order, &payment), at(7)).output;
        failed.refunds[0].status = RefundStatus::Failed;
        let failed = failed.with_refunds_by_line(&payment);
        assert_eq!((gross(&failed), failed.restocked(0)), (vec![999, 1_500, 490], 1));
        let again = decide(&of_lines(&[(0, 2)], false, false), state(&failed, &payment), at(8)).output;
        assert_eq!((again.restocked(0), again.refunds[0].lines.len()), (2, 0));
        assert_eq!((again.refunds[1].lines[0].units, again.refunds[1].amount), (2, euros(666)));
    }

    #[test]
    fn lines_that_cannot_be_refunded_are_refused() {
        let (order, payment) = mixed();
        let refused = |command: RefundOrder| refusal(&command, state(&order, &payment), at(7));
        assert_eq!(refused(of_lines(&[(2, 1)], false, false)), RefundError::NoSuchLine { index: 0 });
        assert_eq!(refused(of_lines(&[(0, 1), (0, 1)], false, false)), RefundError::Repeated { index: 1 });
        let too_many = |index, number, left| {
            let (order, product) = (order.id, product(number));
            RefundError::TooManyUnits { order, product, index, left }
        };
        assert_eq!(refused(of_lines(&[(0, 1), (1, 2)], false, false)), too_many(1, 1, 1));
        let (digital, paid) = order_of(vec![item(0, (500, 1, 0, true)), item(1, (0, 1, 0, true))]);
        let refused = |command: RefundOrder, order: &Order| refusal(&command, state(order, &paid), at(7));
        assert_eq!(refused(of_lines(&[], true, false), &digital), RefundError::NoShipping);
        assert_eq!(refused(of_lines(&[(1, 1)], false, false), &digital), RefundError::NothingLeft(order.id));
        let all = decide(&of_lines(&[(0, 1)], false, false), state(&digital, &paid), at(7)).output;
        assert_eq!(refused(of_lines(&[(0, 1)], false, false), &all), too_many(0, 0, 0));
    }

    /// Refund that may be tried, and whether it fails.
    fn attempts() -> impl Strategy<Value = Vec<(RefundOrder, bool)>> {
        let amount = (1..3_000_i64).prop_map(|amount| refund(RefundPart::Amount(euros(amount))));
        let items = vec((0..4_usize, 1..4_i64), 0..3);
        let lines = (items, any::<bool>(), any::<bool>())
            .prop_map(|(items, shipping, restock)| of_lines(&items, shipping, restock));
        vec((prop_oneof![amount, lines.boxed()], prop::bool::weighted(0.2)), 0..12)
    }

    proptest! {
        #[test]
        fn refunds_end_at_zero_and_never_exceed_a_line(
            items in vec((0..2_000_i64, 1..=7_i64, 0..=3_000_i64, any::<bool>()), 1..4),
            shipped in (1..=999_i64, 0..=3_000_i64),
            attempts in attempts(),
        ) {
            let items = items.into_iter().enumerate().map(|(number, of)| item(number, of));
            let (mut order, payment) = order_of(items.chain([shipping_line(shipped.0, shipped.1)]).collect());
            for (command, fails) in attempts {
                let Ok(change) = command.decide(state(&order, &payment), at(7)) else { continue };
                order = change.into_parts().unwrap().0;
                if fails {
                    order.refunds.last_mut().unwrap().status = RefundStatus::Failed;
                    order = order.with_refunds_by_line(&payment);
                }
                let counted = || order.refunds.iter().filter(|refund| !refund.status.is_unmade());
                for refund in counted() {
                    let parts = refund.lines.iter().map(|part| part.amounts.gross.amount());
                    prop_assert_eq!(parts.sum::<i64>(), refund.amount.amount());
                }
                for (line, (_, whole)) in order.lines.iter().enumerate() {
                    let parts = || counted().flat_map(|of| &of.lines).filter(|part| part.line == line);
                    prop_assert!(parts().map(|part| part.amounts.net.amount()).sum::<i64>() <= whole.net.amount());
                    prop_assert!(parts().map(|part| part.amounts.tax.amount()).sum::<i64>() <= whole.tax.amount());
                }
            }
            if let Ok(change) = refund(RefundPart::Rest).decide(state(&order, &payment), at(8)) {
                order = change.into_parts().unwrap().0;
            }
            let zero = LineAmounts::zero(euros(0).currency());
            for (left, (_, whole)) in order.lines_left().into_iter().zip(order.lines.iter()) {
                prop_assert_eq!(left.amounts, zero, "of {:?}", whole);
            }
        }

        #[test]
        fn units_of_a_line_have_their_share_of_it(
            (price, quantity, rate) in (0..2_000_i64, 1..=9_i64, 1..=3_000_i64),
            counts in vec(1..4_i64, 1..9),
        ) {
            // The first units are worth one cent more than the others, if they cannot be worth the same.
            let (mut order, payment) =
                order_of(vec![item(0, (price, quantity, rate, false)), item(1, (100, 1, 0, true))]);
            let whole = order.lines.iter().next().unwrap().1.gross.amount();
            let first = |units: i64| units * (whole / quantity) + units.min(whole % quantity);
            let mut refunded = 0;
            for count in counts {
                let command = of_lines(&[(0, count)], false, false);
                let Ok(change) = command.decide(state(&order, &payment), at(7)) else { continue };
                order = change.into_parts().unwrap().0;
                let amount = order.refunds.last().unwrap().amount.amount();
                prop_assert_eq!(amount, first(refunded + count) - first(refunded));
                refunded += count;
            }
            prop_assert!(refunded <= quantity);
        }
    }
}
