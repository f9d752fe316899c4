//! Placing an order.

use super::fulfilment::Fulfilment;
use super::{Order, OrderEvent, OrderId, OrderLine, OrderStatus, Party, Transition};
use crate::domain::market::{Market, MarketStatus};
use crate::domain::payment::PaymentMethod;
use crate::domain::product::{Product, ProductId, ProductStatus};
use crate::domain::values::actor::Actor;
use crate::domain::values::money::{Money, Quantity};
use crate::kit::command::{Change, Command, ReadSet, Version};
use crate::kit::system::clock::Timestamp;

/// How many different products an order can have: its stock, itself and its events fit one transaction.
pub const MAX_LINES: usize = 50;

/// Places an order at the prices of this moment. The stock is reserved later, by its fulfilment.
#[derive(Debug, Clone)]
pub struct PlaceOrder {
    /// The id it is to have.
    pub id: OrderId,
    /// Who buys.
    pub by: Actor,
    /// What: 1 to [`MAX_LINES`] different products.
    pub items: Vec<OrderItem>,
    /// What to charge it to, if that is known already.
    pub payment_method: Option<PaymentMethod>,
}

/// One product that is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderItem {
    /// Which product.
    pub product_id: ProductId,
    /// How many pieces.
    pub quantity: Quantity,
    /// The price that the buyer was shown; another one is refused.
    pub expected_price: Option<Money>,
}

/// Why an order cannot be placed. Positions count the items from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PlaceOrderError {
    /// A product does not exist or is no longer sold.
    #[error("there is no such product")]
    NoProduct {
        /// Its position.
        index: usize,
    },
    /// A product is in another market than the first.
    #[error("must be a product of the same market as the first")]
    OtherMarket {
        /// Its position.
        index: usize,
    },
    /// A product is asked for twice.
    #[error("must not repeat a product")]
    Repeated {
        /// The position of the second.
        index: usize,
    },
    /// A price is no longer what the buyer was shown.
    #[error("the price has changed")]
    PriceChanged {
        /// The product's position.
        index: usize,
        /// What it costs now.
        price: Money,
    },
    /// There is nothing in it.
    #[error("must have at least one item")]
    Empty,
    /// The total is more than can be charged.
    #[error("the order's total is larger than can be charged")]
    TotalTooLarge,
    /// The market is not open.
    #[error("the market is not open")]
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
    /// [`PlaceOrderError`]; `MarketClosed` comes from a condition on the market in the same transaction.
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
        let open = MarketStatus::Active.as_str();
        Ok(Change::of(order.clone()).save(&order, OrderEvent::Created((&order).into())).require::<Market>(
            &order.market_id,
            "status",
            open,
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
