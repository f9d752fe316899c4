//! Sample data: an account of each role, a market with products, and the first commands to paste.
//!
//! Written through the marketplace's own commands, each under a receipt, so that a second start finds it done.

use std::error::Error;

use futures::FutureExt;
use futures::future::BoxFuture;
use shared::domain::market::create::{CreateMarket, InitialStatus};
use shared::domain::product::create::NewProduct;
use shared::domain::user::register::RegisterUser;
use shared::domain::user::{Credentials, Role};
use shared::domain::values::actor::Actor;
use shared::kit::auth::password::{Hasher, Password};
use shared::kit::aws::Aws;
use shared::kit::aws::dynamodb::DynamoStore;
use shared::kit::command::{Command, CommandContext, CorrelationId, ExecuteError, IdempotencyRecord, Store};
use shared::kit::system::clock::{Clock, SystemClock, SystemEntropy};
use shared::kit::system::config::Environment;

use crate::Stack;
use crate::system::{arn, console};

type Problem = Box<dyn Error + Send + Sync>;

/// What every sample account is opened with. It protects nothing: the stack is on one machine.
const PASSWORD: &str = "correct horse battery staple";

/// Sample accounts: name, role, id.
const ACCOUNTS: [(&str, Role, &str); 4] = [
    ("ada", Role::Admin, "usr_01J8Z3K5V0SAMPE00000000ADA"),
    ("mona", Role::Moderator, "usr_01J8Z3K5V0SAMPE0000000M0NA"),
    ("sam", Role::User, "usr_01J8Z3K5V0SAMPE00000000SAM"),
    ("bea", Role::User, "usr_01J8Z3K5V0SAMPE00000000BEA"),
];

/// Who opens the sample market.
const SELLER: &str = ACCOUNTS[2].2;
/// The sample market.
const MARKET: &str = "mkt_01J8Z3K5V0SAMPE0000000MARK";
/// Sample products: id, SKU, title, price in cents, pieces.
const PRODUCTS: [(&str, &str, &str, i64, i64); 3] = [
    ("prd_01J8Z3K5V0SAMPE0000000MVG1", "MUG-1", "Mug", 1_999, 100),
    ("prd_01J8Z3K5V0SAMPE0000000TEA1", "TEA-1", "Green tea, 100 g", 899, 500),
    ("prd_01J8Z3K5V0SAMPE0000000P0T1", "POT-1", "Teapot, the last one", 4_900, 1),
];

/// Puts the sample data in, unless it is there, and prints how to use it.
#[must_use]
pub fn run(stack: &Stack) -> BoxFuture<'_, Result<(), Problem>> {
    async move {
        let store = store(stack)?;
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
            once(&store, command, name).await?;
        }
        once(&store, market()?, MARKET).await?;
        introduce(stack);
        Ok(())
    }
    .boxed()
}

fn market() -> Result<CreateMarket, Problem> {
    let product =
        |(id, sku, title, cents, stock): (&str, &str, &str, i64, i64)| -> Result<NewProduct, Problem> {
            let price = serde_json::from_value(serde_json::json!({ "amount": cents, "currency": "EUR" }))?;
            Ok(NewProduct {
                id: id.parse()?,
                sku: sku.parse()?,
                title: title.parse()?,
                description: None,
                price,
                stock,
            })
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

/// Carries out a command that an earlier start may have carried out already. An account that somebody opened under
/// the same address in between stays as it is.
async fn once<C: Command>(store: &DynamoStore, command: C, name: &str) -> Result<(), Problem> {
    let now = SystemClock.now();
    let receipt = IdempotencyRecord::for_message("seed", name, now);
    let cause = CommandContext::new(CorrelationId::generate(&SystemEntropy), now).once(receipt);
    match store.execute(command, &cause).await {
        Ok(_) | Err(ExecuteError::Refused(_)) => Ok(()),
        Err(error) => Err(error.to_string().into()),
    }
}

fn store(stack: &Stack) -> Result<DynamoStore, Problem> {
    let env = Environment::of([
        ("AWS_REGION", arn::REGION),
        ("AWS_ACCESS_KEY_ID", "local"),
        ("AWS_SECRET_ACCESS_KEY", "local"),
        ("AWS_ENDPOINT_URL_DYNAMODB", &stack.dynamodb_endpoint()),
        ("AGORA_TABLE", stack.table_name("Table").unwrap_or_default()),
    ]);
    Ok(DynamoStore::new(Aws::from_env(&env)?.table(&env)?))
}

/// Prints the accounts and the first commands, each to be pasted as it is.
fn introduce(stack: &Stack) {
    console::line("accounts");
    for (name, role, _) in ACCOUNTS {
        console::line(format_args!(
            "  {name}@example.com   {PASSWORD}   {}",
            format!("{role:?}").to_lowercase()
        ));
    }
    let url = stack.url().replace("127.0.0.1", "localhost");
    let json = "-H 'content-type: application/json'";
    let pick = |field: &str| {
        format!("python3 -c 'import json,sys; print(json.load(sys.stdin)[\"data\"][\"{field}\"])'")
    };
    let (product, token, id) = (PRODUCTS[0].0, pick("accessToken"), pick("id"));
    console::line("the first order");
    console::line(format_args!(
        "  TOKEN=$(curl -s {url}/v1/auth/login {json} -d '{{\"email\":\"bea@example.com\",\"password\":\"{PASSWORD}\"}}' | {token})"
    ));
    console::line(format_args!(
        "  ORDER=$(curl -s {url}/v1/orders {json} -H \"authorization: Bearer $TOKEN\" -H \"idempotency-key: $RANDOM\" \
         -d '{{\"items\":[{{\"productId\":\"{product}\",\"quantity\":2}}],\"paymentMethod\":\"pm_card_visa\"}}' | {id})"
    ));
    console::line(format_args!(
        "  curl -s {url}/v1/orders/$ORDER/timeline -H \"authorization: Bearer $TOKEN\""
    ));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sample_data_keeps_the_marketplaces_rules() {
        assert_eq!(market().unwrap().products.len(), PRODUCTS.len());
        assert!(ACCOUNTS.iter().all(|(_, _, id)| id.parse::<shared::domain::user::UserId>().is_ok()));
    }
}
