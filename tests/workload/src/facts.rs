//! Stored state that a request is about, read from the table before and after it.

use std::time::Duration;

use shared::domain::job::Job;
use shared::domain::market::{Market, MarketStatus};
use shared::domain::order::payment::Payment;
use shared::domain::order::payment::refund::RefundStatus;
use shared::domain::order::{Order, OrderStatus};
use shared::domain::product::Product;
use shared::domain::user::User;
use shared::kit::command::Record;
use shared::kit::command::read_set::parse;
use shared::kit::system::clock::Timestamp;

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
    /// Market in the path or in the query, or of the product in the path.
    pub market: Option<Market>,
    /// Product in the path.
    pub product: Option<Product>,
    /// Order in the path, or whose payment is in the path.
    pub order: Option<Order>,
    /// Payment of the order.
    pub payment: Option<Payment>,
    /// Job in the path.
    pub job: Option<Job>,
    /// True if the job has expired, or expires before the request is processed.
    pub is_job_expiring: bool,
    /// Number of open orders of the market, or of active markets of the account, that is to be deleted.
    pub blockers: usize,
}

impl Facts {
    /// State with the blockers that existed before and after the request.
    #[must_use]
    pub fn with_blockers_until(self, after: &Self) -> Self {
        Self { blockers: self.blockers.min(after.blockers), ..self }
    }

    /// Reads the state that a request is about.
    pub async fn read(system: &mut impl System, model: &Model, call: &Call) -> Self {
        let mut facts = Self::default();
        if let Caller::Account(step) = call.caller {
            facts.caller = record(system, model, step).await;
        }
        if let Some(market) = market_in_query(call) {
            facts.market = record(system, model, market).await;
        }
        let (Target::Created(step) | Target::PaymentOf(step)) = call.target else { return facts };
        match model.get(step).map(|resource| resource.kind) {
            Some(Kind::Account) => {
                facts.account = record(system, model, step).await;
                if call.operation == "deleteUser" {
                    facts.blockers = active_markets(system, model, Caller::Account(step)).await;
                }
            }
            Some(Kind::Market) => {
                facts.market = record(system, model, step).await;
                if call.operation == "deleteMarket" {
                    facts.blockers = open_orders(system, model, step).await;
                }
            }
            Some(Kind::Product) => {
                facts.product = record(system, model, step).await;
                if let Some(market) = model.get(step).and_then(|product| product.parent) {
                    facts.market = record(system, model, market).await;
                }
            }
            Some(Kind::Order) => {
                facts.order = record(system, model, step).await;
                facts.payment = read_as(system, &payment_id(model, step)).await;
            }
            Some(Kind::Job) => {
                facts.job = record(system, model, step).await;
                facts.is_job_expiring = facts.job.as_ref().is_some_and(|job| is_expiring(job, system.now()));
            }
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
                add("refund", refund_state(refund.status).to_owned());
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

/// Public name of the state of a refund.
#[must_use]
pub const fn refund_state(status: RefundStatus) -> &'static str {
    match status {
        RefundStatus::Pending => "pending",
        RefundStatus::RequiresAction => "requires_action",
        RefundStatus::Succeeded => "succeeded",
        RefundStatus::Failed => "failed",
        RefundStatus::Cancelled => "cancelled",
    }
}

/// Returns true if the job can expire before a request of `now` is processed.
fn is_expiring(job: &Job, now: Timestamp) -> bool {
    job.is_expired(now.saturating_add(Duration::from_mins(1)))
}

/// Step of the market that the query names.
fn market_in_query(call: &Call) -> Option<usize> {
    let (_, rest) = call.query.split_once("marketId=$id:")?;
    rest.split('&').next()?.parse().ok()
}

/// Number of active markets of an account.
async fn active_markets(system: &mut impl System, model: &Model, owner: Caller) -> usize {
    let mut active = 0;
    for market in model.of(Kind::Market).filter(|market| market.owner == owner) {
        let market: Option<Market> = record(system, model, market.step).await;
        active += usize::from(market.is_some_and(|market| market.status == MarketStatus::Active));
    }
    active
}

/// Number of orders of a market that have not ended.
async fn open_orders(system: &mut impl System, model: &Model, market: usize) -> usize {
    let mut open = 0;
    for order in model.of(Kind::Order) {
        let product = order.parent.and_then(|product| model.get(product));
        if product.and_then(|product| product.parent) == Some(market) {
            let order: Option<Order> = record(system, model, order.step).await;
            open += usize::from(order.is_some_and(|order| is_open(order.status)));
        }
    }
    open
}

const fn is_open(status: OrderStatus) -> bool {
    use OrderStatus::{AwaitingPayment, Confirmed, Pending, Shipped};
    matches!(status, Pending | AwaitingPayment | Confirmed | Shipped)
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
