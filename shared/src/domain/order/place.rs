//! Placing an order.

use super::fulfilment::Fulfilment;
use super::lines::{ItemLine, OrderLine, OrderLines};
use super::{Order, OrderEvent, OrderId, OrderStatus, Party, Transition};
use crate::domain::market::status_copy::{StatusCopy, StatusCopyKey};
use crate::domain::market::{MarketId, MarketStatus};
use crate::domain::order::payment::PaymentMethod;
use crate::domain::product::{Product, ProductId, ProductStatus};
use crate::domain::values::actor::Actor;
use crate::domain::values::money::{Currency, Money, Quantity};
use crate::kit::command::{Change, Command, ReadSet, Version};
use crate::kit::system::clock::Timestamp;

/// Maximum number of different products in an order. The order, its stock counters and its events fit one
/// transaction.
pub const MAX_LINES: usize = 50;

/// Places an order at the current prices. The order's fulfilment reserves the stock later.
#[derive(Debug, Clone)]
pub struct PlaceOrder {
    /// Id of the new order.
    pub id: OrderId,
    /// Buyer.
    pub by: Actor,
    /// Ordered items: 1 to [`MAX_LINES`] different products.
    pub items: Vec<OrderItem>,
    /// Payment method to charge; `None` if the buyer pays at the gateway.
    pub payment_method: Option<PaymentMethod>,
}

/// Ordered quantity of one product.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderItem {
    /// Id of the product.
    pub product_id: ProductId,
    /// Number of units.
    pub quantity: Quantity,
    /// Price shown to the buyer. The order is refused if the current price differs.
    pub expected_price: Option<Money>,
}

/// Reason why an order cannot be placed. `index` is the zero-based position of the item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PlaceOrderError {
    /// The product does not exist or is not for sale.
    #[error("product not found")]
    NoProduct {
        /// Position of the item.
        index: usize,
    },
    /// The product belongs to another market than the first item.
    #[error("must be a product of the same market as the first")]
    OtherMarket {
        /// Position of the item.
        index: usize,
    },
    /// The product is listed more than once.
    #[error("must not be listed more than once")]
    Repeated {
        /// Position of the repetition.
        index: usize,
    },
    /// The current price differs from the price shown to the buyer.
    #[error("the price of the product has changed")]
    PriceChanged {
        /// Position of the item.
        index: usize,
        /// Current price.
        price: Money,
    },
    /// The order has no items.
    #[error("must have at least one item")]
    Empty,
    /// The total exceeds the maximum amount of its currency.
    #[error("the total of the order exceeds the maximum amount of its currency")]
    TotalTooLarge,
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
    type State = Vec<Option<Product>>;
    type Output = Order;
    type Error = PlaceOrderError;

    fn reads(&self) -> ReadSet<Self::State> {
        ReadSet::get_all(self.items.iter().map(|item| &item.product_id))
    }

    /// # Errors
    /// [`PlaceOrderError`]. `MarketClosed` results from a condition on a copy of the market's status in the
    /// same transaction.
    fn decide(
        &self,
        products: Self::State,
        now: Timestamp,
    ) -> Result<Change<Order, PlaceOrderError>, PlaceOrderError> {
        let products = self.check(products)?;
        let first = products.first().ok_or(PlaceOrderError::Empty)?;
        let lines = self.lines(&products)?;
        let order = Order {
            id: self.id,
            version: Version::FIRST,
            buyer_id: self.by.user,
            seller_id: first.seller_id,
            market_id: first.market_id,
            lines,
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
        };
        let copy = StatusCopyKey::of_order(order.market_id, order.id);
        let closed = PlaceOrderError::MarketClosed(order.market_id);
        let placed = Change::of(order.clone()).save(&order, OrderEvent::Created((&order).into()));
        Ok(placed.require::<StatusCopy>(&copy, "status", MarketStatus::Active.into(), closed))
    }
}

impl PlaceOrder {
    fn check(&self, products: Vec<Option<Product>>) -> Result<Vec<Product>, PlaceOrderError> {
        let mut found: Vec<Product> = Vec::with_capacity(products.len());
        for (index, (product, item)) in products.into_iter().zip(&self.items).enumerate() {
            let product = product
                .filter(|product| product.status == ProductStatus::Active)
                .ok_or(PlaceOrderError::NoProduct { index })?;
            if found.iter().any(|earlier| earlier.id == product.id) {
                return Err(PlaceOrderError::Repeated { index });
            }
            if found.first().is_some_and(|first| first.market_id != product.market_id) {
                return Err(PlaceOrderError::OtherMarket { index });
            }
            if item.expected_price.is_some_and(|expected| expected != product.price) {
                return Err(PlaceOrderError::PriceChanged { index, price: product.price });
            }
            found.push(product);
        }
        Ok(found)
    }

    fn lines(&self, products: &[Product]) -> Result<OrderLines, PlaceOrderError> {
        let lines: Vec<OrderLine> =
            self.items.iter().zip(products).map(|(item, product)| line(item, product)).collect();
        let lines = OrderLines::try_from(lines).map_err(|_| PlaceOrderError::TotalTooLarge)?;
        let total = lines.sum().gross;
        total.require_chargeable().map_err(|_| PlaceOrderError::TotalTooLarge)?;
        let currency = total.currency();
        if total.amount() > 0 && total.amount() < currency.min_charge() {
            return Err(PlaceOrderError::TotalTooSmall(currency));
        }
        Ok(lines)
    }
}

fn line(item: &OrderItem, product: &Product) -> OrderLine {
    OrderLine::Item(ItemLine {
        product_id: product.id,
        sku: product.sku.clone(),
        title: product.title.clone(),
        quantity: item.quantity,
        unit_price: product.price,
        tax: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::order::tests::placed;
    use crate::domain::tests::{BUYER, actor, at, decide, euros, product, refusal};
    use crate::kit::command::{Condition, Operation};

    fn item(product: &Product, units: i64) -> OrderItem {
        let quantity = Quantity::try_from(units).unwrap();
        OrderItem { product_id: product.id, quantity, expected_price: Some(product.price) }
    }

    fn place(items: Vec<OrderItem>) -> PlaceOrder {
        let order = placed(Some("pm_card_visa"));
        PlaceOrder { id: order.id, by: actor(BUYER), items, payment_method: order.payment_method }
    }

    /// Another product of the same market, for 5 EUR.
    fn plate() -> Product {
        let id = "prd_01J8Z3K5V0ABCDEFGHJKMNPQRT".parse().unwrap();
        Product {
            id,
            sku: "PLATE-1".parse().unwrap(),
            title: "Plate".parse().unwrap(),
            price: euros(500),
            ..product()
        }
    }

    #[test]
    fn order_is_placed_at_the_current_prices() {
        let command = place(vec![item(&product(), 2)]);
        let placed_order = decide(&command, vec![Some(product())], at(0));
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
    fn total_is_the_sum_of_the_lines() {
        let any_price = OrderItem { expected_price: None, ..item(&plate(), 3) };
        let command = place(vec![item(&product(), 2), any_price]);
        let order = decide(&command, vec![Some(product()), Some(plate())], at(0)).output;
        let lines = order.lines.items().map(|line| (line.product_id, line.quantity.get(), line.unit_price));
        assert!(lines.eq([(product().id, 2, euros(1_999)), (plate().id, 3, euros(500))]));
        assert_eq!(order.total(), euros(2 * 1_999 + 3 * 500));
    }

    #[test]
    fn each_item_is_a_different_product_of_one_market() {
        let refused = |second: Product| {
            let command = place(vec![item(&product(), 1), item(&second, 1)]);
            refusal(&command, vec![Some(product()), Some(second)], at(0))
        };
        let archived = Product { status: ProductStatus::Archived, ..plate() };
        assert_eq!(refused(archived), PlaceOrderError::NoProduct { index: 1 });
        assert_eq!(refused(product()), PlaceOrderError::Repeated { index: 1 });
        let elsewhere = Product { market_id: "mkt_01J8Z3K5V0ABCDEFGHJKMNPQRT".parse().unwrap(), ..plate() };
        assert_eq!(refused(elsewhere), PlaceOrderError::OtherMarket { index: 1 });
        let missing = refusal(&place(vec![item(&product(), 1)]), vec![None], at(0));
        assert_eq!(missing, PlaceOrderError::NoProduct { index: 0 });
        assert_eq!(refusal(&place(Vec::new()), Vec::new(), at(0)), PlaceOrderError::Empty);
    }

    #[test]
    fn changed_price_or_excessive_total_is_refused() {
        let command = place(vec![item(&product(), 1)]);
        let dearer = Product { price: euros(2_000), ..product() };
        let changed = PlaceOrderError::PriceChanged { index: 0, price: euros(2_000) };
        assert_eq!(refusal(&command, vec![Some(dearer)], at(0)), changed);

        let dearest = Product { price: euros(99_999_999), ..product() };
        let command = place(vec![item(&dearest, 2)]);
        assert_eq!(refusal(&command, vec![Some(dearest.clone())], at(0)), PlaceOrderError::TotalTooLarge);
        let command = place(vec![item(&dearest, 1), item(&plate(), 1)]);
        let state = vec![Some(dearest), Some(plate())];
        assert_eq!(refusal(&command, state, at(0)), PlaceOrderError::TotalTooLarge);
    }

    #[test]
    fn total_is_zero_or_at_least_the_minimum_charge() {
        let place_at = |price, units| {
            let product = Product { price: euros(price), ..product() };
            let command = place(vec![item(&product, units)]);
            command.decide(vec![Some(product)], at(0)).err()
        };
        let refused = Some(PlaceOrderError::TotalTooSmall(euros(0).currency()));
        for (price, units, error) in
            [(0, 1, None), (1, 1, refused), (49, 1, refused), (50, 1, None), (25, 2, None)]
        {
            assert_eq!(place_at(price, units), error, "{units} units at {price}");
        }
        let rule = "the total of the order must be 0 or at least 50 minor units of EUR, the minimum charge";
        assert_eq!(PlaceOrderError::TotalTooSmall(euros(0).currency()).to_string(), rule);
    }
}
