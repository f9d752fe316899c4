//! Sample data: one account per role, a market with products, and example commands to paste.
//!
//! Written by executing the marketplace's own commands, each under an idempotency record, so that a second
//! start does not write it again.

use std::error::Error;

use futures::FutureExt;
use futures::future::BoxFuture;
use serde_json::{Value, json};
use shared::domain::market::create::{CreateMarket, InitialStatus};
use shared::domain::market::settings::set::{SetMarketSettings, SettingsRight};
use shared::domain::market::settings::shipping::ShippingSettings;
use shared::domain::market::settings::tax::{TaxClass, TaxSettings};
use shared::domain::product::create::NewProduct;
use shared::domain::user::register::RegisterUser;
use shared::domain::user::{Credentials, Role};
use shared::domain::values::actor::Actor;
use shared::kit::auth::password::{Hasher, Password};
use shared::kit::aws::dynamodb::DynamoStore;
use shared::kit::command::{Command, CommandContext, CorrelationId, ExecuteError, IdempotencyRecord, Store};
use shared::kit::system::clock::{Clock, SystemClock, SystemEntropy};

use crate::Stack;
use crate::system::console;

type SeedError = Box<dyn Error + Send + Sync>;

/// Password of every sample account. It protects nothing, because the stack listens on this machine only.
const PASSWORD: &str = "correct horse battery staple";

/// Sample accounts: name, role, id.
const ACCOUNTS: [(&str, Role, &str); 4] = [
    ("ada", Role::Admin, "usr_01J8Z3K5V0SAMPE00000000ADA"),
    ("mona", Role::Moderator, "usr_01J8Z3K5V0SAMPE0000000M0NA"),
    ("sam", Role::User, "usr_01J8Z3K5V0SAMPE00000000SAM"),
    ("bea", Role::User, "usr_01J8Z3K5V0SAMPE00000000BEA"),
];

/// Owner of the sample market.
const SELLER: &str = ACCOUNTS[2].2;
/// Id of the sample market.
const MARKET: &str = "mkt_01J8Z3K5V0SAMPE0000000MARK";
/// Sample product: id, SKU, title, price in cents, tax class, units in stock.
type SampleProduct = (&'static str, &'static str, &'static str, i64, TaxClass, i64);

/// Sample products.
const PRODUCTS: [SampleProduct; 3] = [
    ("prd_01J8Z3K5V0SAMPE0000000MVG1", "MUG-1", "Mug", 1_999, TaxClass::Standard, 100),
    ("prd_01J8Z3K5V0SAMPE0000000TEA1", "TEA-1", "Green tea, 100 g", 899, TaxClass::Reduced, 500),
    ("prd_01J8Z3K5V0SAMPE0000000P0T1", "POT-1", "Teapot, the last one", 4_900, TaxClass::Standard, 1),
];

/// Writes the sample data unless it exists, and prints how to use it.
#[must_use]
pub fn run(stack: &Stack) -> BoxFuture<'_, Result<(), SeedError>> {
    async move {
        let store = store(stack);
        let hasher = Hasher::default();
        for (name, role, id) in ACCOUNTS {
            let password: Password = PASSWORD.parse()?;
            let command = RegisterUser {
                id: id.parse()?,
                email: format!("{name}@example.com").parse()?,
                name: name.parse()?,
                role,
                credentials: Credentials { password_hash: hasher.hash(password).await? },
            };
            execute_once(&store, command, name).await?;
        }
        execute_once(&store, market()?, MARKET).await?;
        execute_once(&store, settings(shipping()?)?, "shipping").await?;
        execute_once(&store, settings(tax()?)?, "tax").await?;
        print_usage(stack);
        Ok(())
    }
    .boxed()
}

fn market() -> Result<CreateMarket, SeedError> {
    let product =
        |(id, sku, title, cents, tax_class, stock): SampleProduct| -> Result<NewProduct, SeedError> {
            let price = serde_json::from_value(json!({ "amount": cents, "currency": "EUR" }))?;
            let (id, sku, title) = (id.parse()?, sku.parse()?, title.parse()?);
            let (description, requires_shipping) = (None, true);
            Ok(NewProduct { id, sku, title, description, price, tax_class, requires_shipping, stock })
        };
    Ok(CreateMarket {
        id: MARKET.parse()?,
        by: Actor { user: SELLER.parse()?, role: Role::User },
        name: "Sam's tea shop".parse()?,
        description: Some("All that goes with tea.".parse()?),
        currency: "EUR".parse()?,
        status: InitialStatus::Active,
        products: PRODUCTS.into_iter().map(product).collect::<Result<_, _>>()?,
    })
}

/// Two shipping zones: Germany and Austria, free from 50 EUR, and all other countries.
fn shipping() -> Result<ShippingSettings, SeedError> {
    let euros = |cents: i64| json!({ "amount": cents, "currency": "EUR" });
    let standard =
        json!({ "id": "standard", "name": "Standard", "amount": euros(490), "freeFrom": euros(5_000) });
    let worldwide = json!({ "id": "worldwide", "name": "Worldwide", "amount": euros(1_990) });
    let zones = json!([
        { "countries": ["DE", "AT"], "options": [standard] },
        { "countries": "*", "options": [worldwide] },
    ]);
    Ok(serde_json::from_value(json!({ "zones": zones }))?)
}

/// Two tax rates of Germany, which the prices include.
fn tax() -> Result<TaxSettings, SeedError> {
    let rate = |class: &str, points: i64, applies_to_shipping: bool| {
        json!({
            "country": "DE", "class": class, "basisPoints": points, "name": "VAT",
            "appliesToShipping": applies_to_shipping,
        })
    };
    let rates = [rate("standard", 1_900, true), rate("reduced", 700, false)];
    Ok(serde_json::from_value(json!({ "pricesIncludeTax": true, "rates": rates }))?)
}

fn settings<S>(settings: S) -> Result<SetMarketSettings<S>, SeedError> {
    let by = Actor { user: SELLER.parse()?, role: Role::User };
    Ok(SetMarketSettings {
        market_id: MARKET.parse()?,
        by,
        right: SettingsRight::OfCreator,
        expected: None,
        settings,
    })
}

/// Executes a command unless an earlier start has executed it. An existing account with the same address is
/// left unchanged.
async fn execute_once<C: Command>(store: &DynamoStore, command: C, name: &str) -> Result<(), SeedError> {
    let now = SystemClock.now();
    let record = IdempotencyRecord::for_message("seed", name, now);
    let context = CommandContext::new(CorrelationId::generate(&SystemEntropy), now).once(record);
    match store.execute(command, &context).await {
        Ok(_) | Err(ExecuteError::Refused(_)) => Ok(()),
        Err(error) => Err(error.to_string().into()),
    }
}

fn store(stack: &Stack) -> DynamoStore {
    DynamoStore::new(stack.aws().table_named(stack.table_name("Table").unwrap_or_default()))
}

/// Prints the accounts and commands that place a first order.
fn print_usage(stack: &Stack) {
    console::line("accounts");
    for (name, role, _) in ACCOUNTS {
        console::line(format_args!(
            "  {name}@example.com   {PASSWORD}   {}",
            format!("{role:?}").to_lowercase()
        ));
    }
    let url = stack.url().replace("127.0.0.1", "localhost");
    let json = "-H 'content-type: application/json'";
    let json_field = |field: &str| {
        format!("python3 -c 'import json,sys; print(json.load(sys.stdin)[\"data\"][\"{field}\"])'")
    };
    let (order, token, id) = (first_order(), json_field("accessToken"), json_field("id"));
    console::line("the first order");
    console::line(format_args!(
        "  TOKEN=$(curl -s {url}/v1/auth/login {json} -d '{{\"email\":\"bea@example.com\",\"password\":\"{PASSWORD}\"}}' | {token})"
    ));
    let quote = json!({ "marketId": order["marketId"], "items": order["items"], "country": "DE" });
    console::line(format_args!("  curl -s {url}/v1/quotes {json} -d '{quote}'"));
    console::line(format_args!(
        "  ORDER=$(curl -s {url}/v1/orders {json} -H \"authorization: Bearer $TOKEN\" -H \"idempotency-key: $RANDOM\" \
         -d '{order}' | {id})"
    ));
    console::line(format_args!(
        "  curl -s {url}/v1/orders/$ORDER/timeline -H \"authorization: Bearer $TOKEN\""
    ));
}

/// Body of an order of two mugs.
fn first_order() -> Value {
    json!({
        "marketId": MARKET,
        "items": [{ "productId": PRODUCTS[0].0, "quantity": 2 }],
        "shippingAddress": {
            "name": "Bea", "line1": "Torstrasse 1", "city": "Berlin", "postalCode": "10119", "country": "DE",
        },
        "shippingOptionId": "standard",
        "paymentMethod": "pm_card_visa",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sample_data_keeps_the_marketplaces_rules() {
        assert_eq!(market().unwrap().products.len(), PRODUCTS.len());
        assert_eq!((shipping().unwrap().zones.len(), tax().unwrap().rates.len()), (2, 2));
        assert!(ACCOUNTS.iter().all(|(_, _, id)| id.parse::<shared::domain::user::UserId>().is_ok()));
    }
}
