//! Placing an order.

use super::fulfilment::Fulfilment;
use super::{Order, OrderEvent, OrderId, OrderLine, OrderStatus, Party, Transition};
use crate::domain::market::{Market, MarketStatus};
use crate::domain::order::payment::PaymentMethod;
use crate::domain::product::{Product, ProductId, ProductStatus};
use crate::domain::values::actor::Actor;
use crate::domain::values::money::{Money, Quantity};
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
    /// The total exceeds the maximum amount.
    #[error("the total of the order exceeds the maximum amount")]
    TotalTooLarge,
    /// The market is not active.
    #[error("the market is not active")]
    MarketClosed,
}

impl Command for PlaceOrder {
    type State = Vec<Option<Product>>;
    type Output = Order;
    type Error = PlaceOrderError;

    fn reads(&self) -> ReadSet<Self::State> {
        ReadSet::get_all(self.items.iter().map(|item| &item.product_id))
    }

    /// # Errors
    /// [`PlaceOrderError`]. `MarketClosed` results from a condition on the market in the same transaction.
    fn decide(
        &self,
        products: Self::State,
        now: Timestamp,
    ) -> Result<Change<Order, PlaceOrderError>, PlaceOrderError> {
        let products = self.check(products)?;
        let first = products.first().ok_or(PlaceOrderError::Empty)?;
        let total = self.total(&products)?;
        let lines = self.items.iter().zip(&products).map(|(item, product)| line(item, product)).collect();
        let order = Order {
            id: self.id,
            version: Version::FIRST,
            buyer_id: self.by.user,
            seller_id: first.seller_id,
            market_id: first.market_id,
            lines,
            total,
            payment_method: self.payment_method.clone(),
            payment_id: None,
            refunds: Vec::new(),
            shipment: None,
            status: OrderStatus::Pending,
            fulfilment: Fulfilment::Accepted,
            timeline: vec![Transition {
                status: OrderStatus::Pending,
                at: now,
                by: Party::Buyer,
                reason: None,
            }],
            created_at: now,
            updated_at: now,
        };
        Ok(Change::of(order.clone()).save(&order, OrderEvent::Created((&order).into())).require::<Market>(
            &order.market_id,
            "status",
            MarketStatus::Active.into(),
            PlaceOrderError::MarketClosed,
        ))
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

    fn total(&self, products: &[Product]) -> Result<Money, PlaceOrderError> {
        let mut prices =
            self.items.iter().zip(products).map(|(item, product)| product.price.checked_mul(item.quantity));
        let first = prices.next().ok_or(PlaceOrderError::Empty)?;
        prices.fold(first, |sum, price| sum?.checked_add(price?)).map_err(|_| PlaceOrderError::TotalTooLarge)
    }
}

fn line(item: &OrderItem, product: &Product) -> OrderLine {
    OrderLine {
        product_id: product.id,
        sku: product.sku.clone(),
        title: product.title.clone(),
        quantity: item.quantity,
        unit_price: product.price,
    }
}
