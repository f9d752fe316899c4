//! Cart: products that a caller wants to order, and their price.

use super::OrderLinesError;
use super::pricing::{Pricing, PricingError, Quote};
use crate::domain::market::MarketId;
use crate::domain::market::settings::shipping::ShippingOptionId;
use crate::domain::market::settings::{MarketShipping, MarketTax};
use crate::domain::order::shipment::address::PostalAddress;
use crate::domain::product::{Product, ProductId, ProductStatus};
use crate::domain::user::UserId;
use crate::domain::values::country::Place;
use crate::domain::values::money::{Money, Quantity};
use crate::kit::command::ReadSet;

/// Maximum number of different products in an order. The order, its stock counters and its events fit one
/// transaction.
pub const MAX_ITEMS: usize = 50;

/// Products of one market, and how they are delivered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cart {
    /// Id of the market. `None` only if the first product does not exist: then the cart has no price.
    pub market_id: Option<MarketId>,
    /// Items: 1 to [`MAX_ITEMS`] different products.
    pub items: Vec<CartItem>,
    /// Place of supply; `None` if the caller names none.
    pub supply: Option<Supply>,
    /// Chosen shipping option.
    pub shipping_option: Option<ShippingOptionId>,
}

/// Units of one product.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CartItem {
    /// Id of the product.
    pub product_id: ProductId,
    /// Number of units.
    pub quantity: Quantity,
    /// Price shown to the buyer. The cart is refused if the current price differs.
    pub expected_price: Option<Money>,
}

/// Place of supply of an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Supply {
    /// The order is shipped to this address.
    Address(Box<PostalAddress>),
    /// The place of the buyer, who needs no address.
    Place(Place),
}

impl Supply {
    /// Country and region.
    #[must_use]
    pub fn place(&self) -> Place {
        match self {
            Self::Address(address) => address.place(),
            Self::Place(place) => place.clone(),
        }
    }
}

/// Products of a cart in the order of its items, and the settings of its market.
pub type CartState = ((Vec<Option<Product>>, Vec<Option<MarketShipping>>), Vec<Option<MarketTax>>);

/// Cart with its price.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PricedCart {
    /// Id of the market.
    pub market_id: MarketId,
    /// Seller.
    pub seller_id: UserId,
    /// Price.
    pub quote: Quote,
}

/// Reason why a cart has no price. `index` is the zero-based position of the item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CartError {
    /// The product does not exist or is not for sale.
    #[error("product not found")]
    NoProduct {
        /// Position of the item.
        index: usize,
    },
    /// The product belongs to another market.
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
    /// The first product belongs to another market than the one that the caller names.
    #[error("must be the market of the products")]
    NotInMarket,
    /// There is no item.
    #[error("must have at least one item")]
    Empty,
    /// The total exceeds the maximum amount of its currency.
    #[error("the total of the order exceeds the maximum amount of its currency")]
    TotalTooLarge,
    /// The delivery or the tax cannot be priced.
    #[error(transparent)]
    Pricing(PricingError),
}

impl From<PricingError> for CartError {
    fn from(error: PricingError) -> Self {
        match error {
            PricingError::Lines(OrderLinesError::Empty) => Self::Empty,
            PricingError::Lines(OrderLinesError::NoSum(_)) => Self::TotalTooLarge,
            error => Self::Pricing(error),
        }
    }
}

impl Cart {
    /// Creates a cart of products of a market without a place of supply.
    #[must_use]
    pub const fn new(market_id: Option<MarketId>, items: Vec<CartItem>) -> Self {
        Self { market_id, items, supply: None, shipping_option: None }
    }

    /// Keys of all that the price depends on.
    #[must_use]
    pub fn reads(&self) -> ReadSet<CartState> {
        let products = ReadSet::get_all(self.items.iter().map(|item| &item.product_id));
        let market = || self.market_id.iter();
        products.and(ReadSet::get_all(market())).and(ReadSet::get_all(market()))
    }

    /// Prices the cart at the current prices and settings.
    ///
    /// # Errors
    /// [`CartError`].
    pub fn price(&self, ((products, shipping), tax): CartState) -> Result<PricedCart, CartError> {
        let items = self.check(products)?;
        let first = items.first().map(|(product, _)| (product.market_id, product.seller_id));
        let (market_id, seller_id) = first.ok_or(CartError::Empty)?;
        match self.market_id {
            Some(named) if named != market_id => return Err(CartError::NotInMarket),
            Some(_) => {}
            // The product was created after the market of the cart was looked up.
            None => return Err(CartError::NoProduct { index: 0 }),
        }
        let shipping = shipping.into_iter().flatten().next().map(|stored| stored.settings);
        let tax = tax.into_iter().flatten().next().map(|stored| stored.settings);
        let destination = self.supply.as_ref().map(Supply::place);
        let pricing = Pricing {
            items: &items,
            shipping: &shipping.unwrap_or_default(),
            tax: &tax.unwrap_or_default(),
            destination: destination.as_ref(),
            option: self.shipping_option.as_ref(),
        };
        Ok(PricedCart { market_id, seller_id, quote: pricing.quote()? })
    }

    /// Returns the products with their quantities.
    fn check(&self, products: Vec<Option<Product>>) -> Result<Vec<(Product, Quantity)>, CartError> {
        let mut found: Vec<(Product, Quantity)> = Vec::with_capacity(products.len());
        for (index, (product, item)) in products.into_iter().zip(&self.items).enumerate() {
            let product = product
                .filter(|product| product.status == ProductStatus::Active)
                .ok_or(CartError::NoProduct { index })?;
            if found.iter().any(|(earlier, _)| earlier.id == product.id) {
                return Err(CartError::Repeated { index });
            }
            if found.first().is_some_and(|(first, _)| first.market_id != product.market_id) {
                return Err(CartError::OtherMarket { index });
            }
            if item.expected_price.is_some_and(|expected| expected != product.price) {
                return Err(CartError::PriceChanged { index, price: product.price });
            }
            found.push((product, item.quantity));
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::market::settings::MarketSettings;
    use crate::domain::market::settings::shipping::{
        ShippingOption, ShippingSettings, ShippingZone, ZoneCountries,
    };
    use crate::domain::tests::{at, euros, market, product};
    use crate::kit::command::Version;

    fn cart(products: &[&Product]) -> Cart {
        let item = |product: &&Product| {
            let (product_id, quantity) = (product.id, 2.try_into().unwrap());
            CartItem { product_id, quantity, expected_price: Some(product.price) }
        };
        Cart::new(Some(market().id), products.iter().map(item).collect())
    }

    fn price(cart: &Cart, products: &[&Product]) -> Result<PricedCart, CartError> {
        let products = products.iter().map(|product| Some((*product).clone())).collect();
        cart.price(((products, vec![None]), vec![None]))
    }

    fn plate() -> Product {
        let id = "prd_01J8Z3K5V0ABCDEFGHJKMNPQRT".parse().unwrap();
        Product { id, price: euros(500), ..product() }
    }

    #[test]
    fn cart_without_settings_costs_the_sum_of_its_items() {
        let (mug, plate) = (product(), plate());
        let priced = price(&cart(&[&mug, &plate]), &[&mug, &plate]).unwrap();
        assert_eq!((priced.market_id, priced.seller_id), (mug.market_id, mug.seller_id));
        assert_eq!(priced.quote.lines.sum().gross, euros(2 * 1_999 + 2 * 500));
        assert!(!priced.quote.is_shipped);
    }

    #[test]
    fn items_are_different_products_of_the_named_market() {
        let mug = product();
        let second = |second: &Product| price(&cart(&[&mug, second]), &[&mug, second]).unwrap_err();
        let archived = Product { status: ProductStatus::Archived, ..plate() };
        assert_eq!(second(&archived), CartError::NoProduct { index: 1 });
        assert_eq!(second(&mug), CartError::Repeated { index: 1 });
        let other = "mkt_01J8Z3K5V0ABCDEFGHJKMNPQRT".parse().unwrap();
        assert_eq!(second(&Product { market_id: other, ..plate() }), CartError::OtherMarket { index: 1 });
        let elsewhere = Cart { market_id: Some(other), ..cart(&[&mug]) };
        assert_eq!(price(&elsewhere, &[&mug]), Err(CartError::NotInMarket));
        let nowhere = Cart { market_id: None, ..cart(&[&mug]) };
        assert_eq!(price(&nowhere, &[&mug]), Err(CartError::NoProduct { index: 0 }));
        assert_eq!(nowhere.price(((vec![None], vec![]), vec![])), Err(CartError::NoProduct { index: 0 }));
        assert_eq!(price(&cart(&[]), &[]), Err(CartError::Empty));
    }

    #[test]
    fn changed_price_or_excessive_sum_has_no_price() {
        let dearer = Product { price: euros(2_000), ..product() };
        let changed = CartError::PriceChanged { index: 0, price: euros(2_000) };
        assert_eq!(price(&cart(&[&product()]), &[&dearer]), Err(changed));
        let largest = Product { price: euros(crate::domain::values::money::Amount::MAX), ..product() };
        assert_eq!(price(&cart(&[&largest]), &[&largest]), Err(CartError::TotalTooLarge));
    }

    #[test]
    fn cart_is_priced_by_the_settings_of_its_market() {
        let (name, amount) = ("Parcel".parse().unwrap(), euros(490));
        let option = ShippingOption { id: "standard".parse().unwrap(), name, amount, free_from: None };
        let zones = vec![ShippingZone { countries: ZoneCountries::All, options: vec![option] }];
        let shipping = MarketSettings {
            market_id: market().id,
            version: Version::FIRST,
            settings: ShippingSettings { zones },
            updated_at: at(0),
        };
        let germany = Place { country: "DE".parse().unwrap(), region: None };
        let cart = Cart { supply: Some(Supply::Place(germany)), ..cart(&[&product()]) };
        let price =
            |cart: &Cart| cart.price(((vec![Some(product())], vec![Some(shipping.clone())]), vec![None]));
        let quote = price(&cart).unwrap().quote;
        assert_eq!((quote.is_shipped, quote.lines.sum().gross), (true, euros(3_998)));
        let chosen = Cart { shipping_option: Some("standard".parse().unwrap()), ..cart };
        assert_eq!(price(&chosen).unwrap().quote.lines.sum().gross, euros(3_998 + 490));
    }
}
