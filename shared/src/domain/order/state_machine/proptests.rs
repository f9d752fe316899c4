//! Property test of the order state machine: arbitrary sequences of transitions against a model of the stock
//! and the payment. No sequence leaves units or money unaccounted for.

mod checks;
mod gateway;
mod ledger;
mod reconciliation;
mod world;

use proptest::prelude::*;

use crate::domain::ledger::commission::CommissionTerms;
use crate::domain::order::Order;
use crate::domain::order::lines::{ItemLine, LineTax, OrderLine, OrderLines, ShippingLine};
use crate::domain::order::refund::RefundPart;
use crate::domain::order::refund::by_line::LinesToRefund;
use crate::domain::order::tests::{placed, placed_free};
use crate::domain::tests::euros;
use crate::domain::values::money::Quantity;
use crate::domain::values::money::tax::BasisPoints;
use world::World;

/// Action that may occur in any state, expected or not.
#[derive(Debug, Clone)]
enum Action {
    /// Run the next saga step with an arbitrary gateway response.
    Saga(GatewayResult),
    /// Apply a transition that does not match the current step, as a redelivered or late message does.
    Stray(GatewayResult, u32),
    /// The gateway reports a capture of one of two payment intents, of the order total or of another amount.
    Report {
        intent: u8,
        exact: bool,
    },
    Cancel {
        seller: bool,
    },
    Expire,
    Ship,
    Deliver,
    Refund(RefundPart),
    /// A part of one of two payments is refunded at the gateway itself.
    RefundAtGateway {
        intent: u8,
        amount: i64,
    },
    /// A refund changes at the gateway.
    Settle {
        refund: usize,
        fails: bool,
    },
    /// The gateway reports the state of a refund, which may be an earlier one.
    ReportRefund {
        refund: usize,
        age: usize,
    },
    /// The seller deletes the product.
    DeleteProduct,
}

#[derive(Debug, Clone, Copy)]
enum GatewayResult {
    Succeeded,
    /// The gateway has accepted a refund and not made it yet.
    Pending,
    /// The gateway made a refund, and the response is lost.
    Lost,
    Refused,
    Failed,
}

fn actions() -> impl Strategy<Value = Vec<Action>> {
    let result = || {
        prop_oneof![
            4 => Just(GatewayResult::Succeeded),
            1 => Just(GatewayResult::Pending),
            1 => Just(GatewayResult::Lost),
            1 => Just(GatewayResult::Refused),
            1 => Just(GatewayResult::Failed),
        ]
    };
    let action = prop_oneof![
        8 => result().prop_map(Action::Saga),
        2 => (result(), 0..6_u32).prop_map(|(result, which)| Action::Stray(result, which)),
        2 => (0..2_u8, any::<bool>()).prop_map(|(intent, exact)| Action::Report { intent, exact }),
        1 => any::<bool>().prop_map(|seller| Action::Cancel { seller }),
        1 => Just(Action::Expire),
        2 => Just(Action::Ship),
        1 => Just(Action::Deliver),
        3 => parts().prop_map(Action::Refund),
        1 => (0..2_u8, 1..4_000_i64)
            .prop_map(|(intent, amount)| Action::RefundAtGateway { intent, amount }),
        2 => (any::<usize>(), any::<bool>()).prop_map(|(refund, fails)| Action::Settle { refund, fails }),
        3 => (any::<usize>(), 0..3_usize).prop_map(|(refund, age)| Action::ReportRefund { refund, age }),
        1 => Just(Action::DeleteProduct),
    ];
    prop::collection::vec(action, 1..40)
}

/// Parts of an order to refund.
fn parts() -> impl Strategy<Value = RefundPart> {
    let lines = (0..4_i64, any::<bool>(), any::<bool>()).prop_map(|(units, shipping, restock)| {
        let product = placed(None).lines.items().next().unwrap().product_id;
        let items = Quantity::try_from(units).map(|units| (product, units));
        RefundPart::Lines(LinesToRefund { items: items.into_iter().collect(), shipping, restock })
    });
    let amount = (1..4_500_i64).prop_map(|amount| RefundPart::Amount(euros(amount)));
    prop_oneof![1 => Just(RefundPart::Rest), 1 => amount, 2 => lines]
}

/// Orders with and without a payment method, a total, a tax, and shipping, with different commissions.
fn orders() -> impl Strategy<Value = Order> {
    let method = prop_oneof![Just(None), Just(Some("pm_card_visa"))];
    let shipped = (method.clone(), 0..=3_998_i64, 0..=1_000_i64).prop_map(|(method, tax, shipping)| {
        let order = placed(method);
        Order { lines: taxed_and_shipped(&order.lines, tax, shipping), ..order }
    });
    let order =
        prop_oneof![2 => method.clone().prop_map(placed), 2 => shipped, 1 => method.prop_map(placed_free)];
    (order, 0..=10_000_i64, any::<bool>()).prop_map(|(order, rate, kept_on_refund)| {
        let rate_basis_points = rate.try_into().unwrap();
        Order { commission: Some(CommissionTerms { rate_basis_points, kept_on_refund }), ..order }
    })
}

/// The lines with a tax of the first one, which its price includes, and with shipping.
fn taxed_and_shipped(lines: &OrderLines, tax: i64, shipping: i64) -> OrderLines {
    let tax = LineTax {
        rate_basis_points: BasisPoints::try_from(1_900).unwrap(),
        amount: euros(tax),
        name: "VAT".parse().unwrap(),
        included: true,
    };
    let items = lines.items().map(|item| ItemLine { tax: Some(tax.clone()), ..item.clone() });
    let (option_id, name) = ("standard".parse().unwrap(), "Standard".parse().unwrap());
    let shipping = ShippingLine { option_id, name, amount: euros(shipping), tax: None };
    items.map(OrderLine::Item).chain([OrderLine::Shipping(shipping)]).collect::<Vec<_>>().try_into().unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 2_000,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn no_transition_sequence_loses_units_or_money(order in orders(), actions in actions()) {
        let mut world = World::new(order);
        for action in actions {
            let before = world.order().clone();
            world.apply_action(action);
            world.check(&before);
        }
        world.check_idle();
    }
}
