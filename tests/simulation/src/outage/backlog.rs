//! Commands whose events are the messages of a backlog.

use shared::domain::market::settings::tax::TaxClass;
use shared::domain::order::lines::cart::{Cart, CartItem};
use shared::domain::order::place::PlaceOrder;
use shared::domain::product::create::{CreateProduct, NewProduct};
use shared::domain::user::register::RegisterUser;
use shared::domain::user::{Credentials, Role};
use shared::domain::values::id::Id;
use shared::domain::values::money::Quantity;
use shared::kit::command::{CommandContext, Store as _};

use super::Consumer;
use crate::functions::Store;
use crate::scenario::{self, PRICE, cents};

/// Digest from which the ids of a backlog are counted.
const FIRST_ID: u128 = 1_000_000;

/// Commits the command that causes message `number` of a backlog. Returns true if it succeeded.
///
/// # Panics
/// If a constant does not parse.
pub(super) async fn commit(consumer: Consumer, number: usize, store: Store, context: CommandContext) -> bool {
    let digest = FIRST_ID + u128::try_from(number).unwrap_or_default();
    match consumer {
        Consumer::Fulfilment => store.execute(order(digest, number), &context).await.is_ok(),
        Consumer::Emails => store.execute(account(digest, number), &context).await.is_ok(),
        Consumer::SearchIndex => store.execute(product(digest, number), &context).await.is_ok(),
    }
}

fn order(digest: u128, number: usize) -> PlaceOrder {
    let quantity = Quantity::try_from(1).expect("the quantity is within bounds");
    let item = CartItem { product_id: scenario::product(), quantity, expected_price: Some(cents(PRICE)) };
    let cart = Cart::new(Some(scenario::market()), vec![item]);
    let method = "pm_card_visa".parse().expect("the payment method is valid");
    PlaceOrder::new(Id::of_digest(digest), scenario::buyer(number), cart, Some(method))
}

fn account(digest: u128, number: usize) -> RegisterUser {
    RegisterUser {
        id: Id::of_digest(digest),
        email: format!("buyer-{number}@example.com").parse().expect("the address is valid"),
        name: "Ada".parse().expect("the name is valid"),
        role: Role::User,
        credentials: Credentials::without_password(),
    }
}

fn product(digest: u128, number: usize) -> CreateProduct {
    let product = NewProduct {
        id: Id::of_digest(digest),
        sku: format!("MUG-{digest}").parse().expect("the SKU is valid"),
        title: format!("Mug {number}").parse().expect("the title is valid"),
        description: None,
        price: cents(PRICE),
        tax_class: TaxClass::Standard,
        requires_shipping: true,
        stock: 1,
    };
    CreateProduct { market_id: scenario::market(), by: scenario::seller(), product }
}
