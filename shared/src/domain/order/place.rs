//! Placing an order.

use super::fulfilment::Fulfilment;
use super::lines::LineAmounts;
use super::lines::cart::{Cart, CartError, CartState, PricedCart, Supply};
use super::lines::pricing::PricingError;
use super::shipment::address::{DEFAULT_RETENTION_DAYS, DeliveryAddress, PostalAddress};
use super::{Order, OrderEvent, OrderId, OrderStatus, Party, Transition};
use crate::domain::ledger::commission::CommissionTerms;
use crate::domain::market::settings::MarketCommission;
use crate::domain::market::status_copy::{StatusCopy, StatusCopyKey};
use crate::domain::market::{MarketId, MarketStatus};
use crate::domain::order::payment::PaymentMethod;
use crate::domain::values::actor::Actor;
use crate::domain::values::money::{Currency, Money};
use crate::kit::command::{Change, Command, NoEvents, ReadSet, Version};
use crate::kit::system::clock::Timestamp;

/// Places an order at the current prices. The order's fulfilment reserves the stock later.
#[derive(Debug, Clone)]
pub struct PlaceOrder {
    /// Id of the new order.
    pub id: OrderId,
    /// Buyer.
    pub by: Actor,
    /// Products to order, and how they are delivered.
    pub cart: Cart,
    /// Total shown to the buyer. The order is refused if the current total differs.
    pub expected_total: Option<Money>,
    /// Payment method to charge; `None` if the buyer pays at the gateway.
    pub payment_method: Option<PaymentMethod>,
    /// Default terms of the commission, for a market without a rate of its own.
    pub commission: CommissionTerms,
    /// Number of days for which the delivery address is stored after the last change of the order.
    pub address_retention_days: u16,
}

/// Reason why an order cannot be placed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PlaceOrderError {
    /// The products have no price.
    #[error(transparent)]
    Cart(#[from] CartError),
    /// The order is shipped, and there is no address.
    #[error("is required, because the order is shipped")]
    AddressRequired,
    /// There is an address, although nothing is shipped.
    #[error("must be absent, because nothing is shipped")]
    AddressNotNeeded,
    /// The order is shipped, and no shipping option is chosen.
    #[error("is required, because the order is shipped")]
    OptionRequired,
    /// The current total differs from the total shown to the buyer.
    #[error("the total of the order has changed")]
    TotalChanged(LineAmounts),
    /// The total exceeds the maximum charge of the payment gateway.
    #[error(
        "the total of the order must be at most {} minor units of {}, the maximum charge",
        .0.max_charge(),
        .0.as_str()
    )]
    TotalTooLarge(Currency),
    /// The total is above zero and below the minimum charge of the payment gateway.
    #[error(
        "the total of the order must be 0 or at least {} minor units of {}, the minimum charge",
        .0.min_charge(),
        .0.as_str()
    )]
    TotalTooSmall(Currency),
    /// The market is not active.
    #[error("market {0} is not active")]
    MarketClosed(MarketId),
}

impl Command for PlaceOrder {
    type State = (CartState, Vec<Option<MarketCommission>>);
    type Output = Order;
    type Error = PlaceOrderError;

    fn reads(&self) -> ReadSet<Self::State> {
        self.cart.reads().and(ReadSet::get_all(self.cart.market_id.iter()))
    }

    /// # Errors
    /// [`PlaceOrderError`].
    fn decide(
        &self,
        (state, commission): Self::State,
        now: Timestamp,
    ) -> Result<Change<Order, PlaceOrderError>, PlaceOrderError> {
        let priced = self.cart.price(state).map_err(missing_address)?;
        let address = self.delivery_address(priced.quote.is_shipped)?;
        self.check(priced.quote.lines.sum())?;
        let of_market = commission.into_iter().flatten().find_map(|stored| stored.settings.basis_points);
        let order = Order { commission: Some(self.commission.at_rate(of_market)), ..self.order(priced, now) };
        let copy = StatusCopyKey::of_order(order.market_id, order.id);
        let closed = PlaceOrderError::MarketClosed(order.market_id);
        let mut placed = Change::of(order.clone()).save(&order, OrderEvent::Created((&order).into()));
        if let Some(address) = address {
            let days = self.address_retention_days;
            placed = placed.save(&DeliveryAddress::new(order.id, address, days, now), NoEvents);
        }
        Ok(placed.require::<StatusCopy>(&copy, "status", MarketStatus::Active.into(), closed))
    }
}

/// The place of an order that is shipped is that of its address.
fn missing_address(error: CartError) -> PlaceOrderError {
    match error {
        CartError::Pricing(PricingError::NoDestination { is_shipped: true }) => {
            PlaceOrderError::AddressRequired
        }
        error => error.into(),
    }
}

impl PlaceOrder {
    /// Creates a command without an expected total and without commission.
    #[must_use]
    pub const fn new(id: OrderId, by: Actor, cart: Cart, payment_method: Option<PaymentMethod>) -> Self {
        let (commission, address_retention_days) = (CommissionTerms::NONE, DEFAULT_RETENTION_DAYS);
        Self { id, by, cart, expected_total: None, payment_method, commission, address_retention_days }
    }

    /// Address to store with the order.
    fn delivery_address(&self, is_shipped: bool) -> Result<Option<PostalAddress>, PlaceOrderError> {
        match (&self.cart.supply, is_shipped) {
            (Some(Supply::Address(_)), true) if self.cart.shipping_option.is_none() => {
                Err(PlaceOrderError::OptionRequired)
            }
            (Some(Supply::Address(address)), true) => Ok(Some(PostalAddress::clone(address))),
            (Some(Supply::Address(_)), false) => Err(PlaceOrderError::AddressNotNeeded),
            (_, true) => Err(PlaceOrderError::AddressRequired),
            (_, false) => Ok(None),
        }
    }

    /// Checks the total against the one shown to the buyer and the limits of the payment gateway.
    fn check(&self, sum: LineAmounts) -> Result<(), PlaceOrderError> {
        let (total, currency) = (sum.gross, sum.gross.currency());
        if self.expected_total.is_some_and(|expected| expected != total) {
            return Err(PlaceOrderError::TotalChanged(sum));
        }
        total.require_chargeable().map_err(|_| PlaceOrderError::TotalTooLarge(currency))?;
        if total.amount() > 0 && total.amount() < currency.min_charge() {
            return Err(PlaceOrderError::TotalTooSmall(currency));
        }
        Ok(())
    }

    fn order(&self, priced: PricedCart, now: Timestamp) -> Order {
        Order {
            id: self.id,
            version: Version::FIRST,
            buyer_id: self.by.user,
            seller_id: priced.seller_id,
            market_id: priced.market_id,
            lines: priced.quote.lines,
            commission: None,
            payment_method: self.payment_method.clone(),
            payment_id: None,
            refunds: Vec::new(),
            refund_check_at: None,
            shipment: None,
            status: OrderStatus::Pending,
            fulfilment: Fulfilment::Accepted,
            resumed_at: None,
            timeline: vec![Transition {
                status: OrderStatus::Pending,
                at: now,
                by: Party::Buyer,
                reason: None,
            }],
            created_at: now,
            updated_at: now,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::market::settings::commission::CommissionSettings;
    use crate::domain::market::settings::shipping::{
        ShippingOption, ShippingSettings, ShippingZone, ZoneCountries,
    };
    use crate::domain::market::settings::{MarketSettings, MarketShipping};
    use crate::domain::order::lines::OrderLine;
    use crate::domain::order::lines::cart::CartItem;
    use crate::domain::order::shipment::address::tests::address;
    use crate::domain::order::tests::placed;
    use crate::domain::product::Product;
    use crate::domain::tests::{BUYER, actor, at, decide, euros, product, refusal};
    use crate::domain::values::country::Place;
    use crate::kit::command::{Condition, Operation};

    type State = <PlaceOrder as Command>::State;

    /// Order of two units of the product.
    fn place() -> PlaceOrder {
        let order = placed(Some("pm_card_visa"));
        let (product_id, quantity) = (product().id, 2.try_into().unwrap());
        let cart = Cart::new(
            Some(order.market_id),
            vec![CartItem { product_id, quantity, expected_price: Some(product().price) }],
        );
        PlaceOrder::new(order.id, actor(BUYER), cart, order.payment_method)
    }

    fn shipped_to(supply: Option<Supply>, option: Option<&str>) -> PlaceOrder {
        let command = place();
        let shipping_option = option.map(|option| option.parse().unwrap());
        PlaceOrder { cart: Cart { supply, shipping_option, ..command.cart }, ..command }
    }

    fn to_address() -> Supply {
        Supply::Address(Box::new(address()))
    }

    fn germany() -> Supply {
        Supply::Place(Place { country: "DE".parse().unwrap(), region: None })
    }

    /// State without settings.
    fn state(product: Product) -> State {
        (((vec![Some(product)], vec![None]), vec![None]), vec![None])
    }

    /// State of a market that ships to all countries for 4.90 EUR.
    fn shipping_state(product: Product) -> State {
        let (name, amount) = ("Parcel".parse().unwrap(), euros(490));
        let option = ShippingOption { id: "standard".parse().unwrap(), name, amount, free_from: None };
        let zones = vec![ShippingZone { countries: ZoneCountries::All, options: vec![option] }];
        let (market_id, settings) = (product.market_id, ShippingSettings { zones });
        let stored: MarketShipping =
            MarketSettings { market_id, version: Version::FIRST, settings, updated_at: at(0) };
        (((vec![Some(product)], vec![Some(stored)]), vec![None]), vec![None])
    }

    #[test]
    fn order_is_placed_at_the_current_prices() {
        let placed_order = decide(&place(), state(product()), at(0));
        let expected = placed(Some("pm_card_visa"));
        assert_eq!((placed_order.stored(), &placed_order.output), (expected.clone(), &expected));
        assert_eq!(placed_order.events(), [("order.created", Version::FIRST)]);
        let copy = StatusCopyKey::of_order(product().market_id, expected.id);
        let copy = placed_order.write::<StatusCopy>(&copy);
        assert!(matches!(copy.operation, Operation::Check));
        assert_eq!(copy.condition, Condition::Is("status", "active".to_owned()));
        assert_eq!(copy.refusal, Some(PlaceOrderError::MarketClosed(product().market_id)));
    }

    #[test]
    fn rate_of_the_market_replaces_the_default() {
        let rate = |points: i64| points.try_into().unwrap();
        let default = CommissionTerms { rate_basis_points: rate(1_000), kept_on_refund: true };
        let command = PlaceOrder { commission: default, ..place() };
        let terms = |basis_points| {
            let (market_id, settings) = (product().market_id, CommissionSettings { basis_points });
            let stored = MarketSettings { market_id, version: Version::FIRST, settings, updated_at: at(0) };
            let (cart, _) = state(product());
            decide(&command, (cart, vec![Some(stored)]), at(0)).output.commission
        };
        assert_eq!(decide(&command, state(product()), at(0)).output.commission, Some(default));
        assert_eq!(terms(None), Some(default));
        assert_eq!(terms(Some(rate(0))), Some(CommissionTerms { rate_basis_points: rate(0), ..default }));
    }

    #[test]
    fn address_is_stored_apart_from_the_order() {
        let command = shipped_to(Some(to_address()), Some("standard"));
        let decided = decide(&command, shipping_state(product()), at(7));
        let order: Order = decided.stored();
        assert_eq!(order.total(), euros(3_998 + 490));
        assert!(matches!(order.lines.iter().last(), Some((OrderLine::Shipping(_), _))));
        let stored: DeliveryAddress = decided.stored();
        assert_eq!(stored, DeliveryAddress::new(order.id, address(), 400, at(7)));
        assert_eq!(stored.examined_at.as_millis() - at(7).as_millis(), 400 * 24 * 60 * 60 * 1_000);
        let written = [serde_json::to_string(&order).unwrap(), format!("{command:?} {:?}", decided.events)];
        assert!(written.iter().all(|text| !text.contains("Torstrasse") && !text.contains("Lovelace")));
    }

    #[test]
    fn address_and_option_are_required_only_for_shipping() {
        use PlaceOrderError::{AddressNotNeeded, AddressRequired, Cart as OfCart, OptionRequired};
        let nothing_shipped = OfCart(CartError::Pricing(PricingError::NothingShipped));
        let digital = Product { requires_shipping: false, ..product() };
        for (supply, option, shipped, unshipped) in [
            (None, None, Some(AddressRequired), None),
            (Some(germany()), None, Some(AddressRequired), None),
            (Some(germany()), Some("standard"), Some(AddressRequired), Some(nothing_shipped)),
            (Some(to_address()), None, Some(OptionRequired), Some(AddressNotNeeded)),
            (Some(to_address()), Some("standard"), None, Some(nothing_shipped)),
        ] {
            let command = shipped_to(supply, option);
            let refused = |state| command.decide(state, at(0)).err();
            assert_eq!(refused(shipping_state(product())), shipped, "{command:?}");
            for state in [state(product()), shipping_state(digital.clone())] {
                assert_eq!(refused(state), unshipped, "{command:?}");
            }
        }
    }

    #[test]
    fn another_total_than_the_expected_one_is_refused() {
        let expecting = |total| PlaceOrder { expected_total: Some(euros(total)), ..place() };
        assert!(expecting(3_998).decide(state(product()), at(0)).is_ok());
        let sum = LineAmounts { net: euros(3_998), tax: euros(0), gross: euros(3_998) };
        let refused = refusal(&expecting(3_997), state(product()), at(0));
        assert_eq!(refused, PlaceOrderError::TotalChanged(sum));
    }

    #[test]
    fn total_is_zero_or_within_the_limits_of_a_charge() {
        let place_at = |price, quantity: i64| {
            let (product, mut command) = (Product { price: euros(price), ..product() }, place());
            let item = &mut command.cart.items[0];
            (item.quantity, item.expected_price) = (quantity.try_into().unwrap(), None);
            command.decide(state(product), at(0)).err()
        };
        let small = Some(PlaceOrderError::TotalTooSmall(euros(0).currency()));
        let large = Some(PlaceOrderError::TotalTooLarge(euros(0).currency()));
        for (price, units, error) in [
            (0, 1, None),
            (1, 1, small),
            (49, 1, small),
            (50, 1, None),
            (25, 2, None),
            (99_999_999, 1, None),
            (50_000_000, 2, large),
        ] {
            assert_eq!(place_at(price, units), error, "{units} units at {price}");
        }
        let rules = [small, large].map(|error| error.unwrap().to_string());
        let expected = [
            "the total of the order must be 0 or at least 50 minor units of EUR, the minimum charge",
            "the total of the order must be at most 99999999 minor units of EUR, the maximum charge",
        ];
        assert_eq!(rules, expected);
    }
}
