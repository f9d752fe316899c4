//! Stored state that a request is about, read from the table before and after it.

use shared::domain::job::Job;
use shared::domain::market::Market;
use shared::domain::order::Order;
use shared::domain::order::payment::Payment;
use shared::domain::product::{Product, Stock};
use shared::domain::user::User;
use shared::kit::command::Record;
use shared::kit::command::read_set::parse;

use crate::model::{Kind, Model, Resource};
use crate::step::{Call, Caller, Target};
use crate::system::System;

/// State of the caller and of the resource in the path of a request.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    /// Account of the caller.
    pub caller: Option<User>,
    /// Account in the path.
    pub account: Option<User>,
    /// Market in the path, or of the product in the path.
    pub market: Option<Market>,
    /// Product in the path.
    pub product: Option<Product>,
    /// Stock of the product.
    pub stock: Option<Stock>,
    /// Order in the path, or whose payment is in the path.
    pub order: Option<Order>,
    /// Payment of the order.
    pub payment: Option<Payment>,
    /// Job in the path.
    pub job: Option<Job>,
}

impl Facts {
    /// Reads the state that a request is about.
    pub async fn read(system: &mut impl System, model: &Model, call: &Call) -> Self {
        let mut facts = Self::default();
        if let Caller::Account(step) = call.caller {
            facts.caller = record(system, model, step).await;
        }
        let (Target::Created(step) | Target::PaymentOf(step)) = call.target else { return facts };
        match model.get(step).map(|resource| resource.kind) {
            Some(Kind::Account) => facts.account = record(system, model, step).await,
            Some(Kind::Market) => facts.market = record(system, model, step).await,
            Some(Kind::Product) => {
                facts.product = record(system, model, step).await;
                facts.stock = record(system, model, step).await;
                let market = model.get(step).and_then(|product| product.parent);
                if let Some(market) = market {
                    facts.market = record(system, model, market).await;
                }
            }
            Some(Kind::Order) => {
                facts.order = record(system, model, step).await;
                facts.payment = read_as(system, &payment_id(model, step)).await;
            }
            Some(Kind::Job) => facts.job = record(system, model, step).await,
            None => {}
        }
        facts
    }

    /// Kind and state of the resource in the path, and the states of the refunds of an order.
    #[must_use]
    pub fn states(&self, call: &Call) -> Vec<(String, String)> {
        let (Target::Created(_) | Target::PaymentOf(_)) = call.target else { return Vec::new() };
        let mut states = Vec::new();
        let mut add = |kind: &str, state: String| states.push((kind.to_owned(), state));
        if let Some(order) = &self.order {
            add("order", order.status.to_string());
            for refund in &order.refunds {
                add("refund", format!("{:?}", refund.status).to_lowercase());
            }
        }
        if let (Some(market), None) = (&self.market, &self.product) {
            add("market", market.status.to_string());
        }
        if let Some(job) = &self.job {
            add("job", job.status.to_string());
        }
        if let Some(account) = &self.account {
            add("account", account.status.to_string());
        }
        states
    }
}

/// Id of the payment of an order: the same number with another prefix.
#[must_use]
pub fn payment_id(model: &Model, order: usize) -> String {
    model.get(order).map_or_else(String::new, |order| order.id.replacen("ord_", "pay_", 1))
}

/// Reads the record of the resource of a step.
pub async fn record<R: Record>(system: &mut impl System, model: &Model, step: usize) -> Option<R>
where
    R::Id: std::str::FromStr,
{
    let id = model.get(step).map(|Resource { id, .. }| id.clone())?;
    read_as(system, &id).await
}

async fn read_as<R: Record>(system: &mut impl System, id: &str) -> Option<R>
where
    R::Id: std::str::FromStr,
{
    let id = id.parse().ok()?;
    let item = system.item(&R::key(&id)).await?;
    Some(parse(item).expect("the stored item is valid"))
}
