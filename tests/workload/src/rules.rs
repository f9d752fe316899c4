//! Rules of the API, written from its description and not from its code: whether a request must succeed.

mod lines;
pub mod pages;

use serde_json::Value;
use shared::domain::job::job_type::JobParams;
use shared::domain::market::{Market, MarketStatus};
use shared::domain::order::fulfilment::Fulfilment;
use shared::domain::order::{Order, OrderStatus};
use shared::domain::user::{User, UserStatus};

use crate::facts::Facts;
use crate::model::Model;
use crate::operations::operation;
use crate::step::{Call, Caller};
use lines::LinesOfRequest;

/// Result that the rules require.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expected {
    /// The request succeeds.
    Success,
    /// The request is refused with one of these statuses.
    Refusal(Vec<u16>),
    /// The rules do not determine the result.
    Either,
}

impl Expected {
    /// Returns true if the rules permit a response with this status.
    #[must_use]
    pub fn permits(&self, status: u16) -> bool {
        match self {
            Self::Success => status < 400,
            Self::Refusal(statuses) => statuses.contains(&status),
            Self::Either => true,
        }
    }
}

fn refused(statuses: &[u16]) -> Expected {
    Expected::Refusal(statuses.to_vec())
}

/// Relation of the caller to an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Party {
    Buyer,
    Seller,
    Other,
}

/// Returns the result that the rules require in a state.
#[must_use]
pub fn expected(call: &Call, facts: &Facts, model: &Model) -> Expected {
    match of_request(call, facts, model) {
        // The resource may have changed since its tag was read.
        Expected::Refusal(mut statuses) if operation(call.operation).requires("if-match") => {
            statuses.push(412);
            Expected::Refusal(statuses)
        }
        Expected::Success if operation(call.operation).requires("if-match") => Expected::Either,
        expected => expected,
    }
}

/// Result for a caller whose account is suspended or deleted.
fn of_inactive_caller(call: &Call, facts: &Facts) -> Option<Expected> {
    let Caller::Account(_) = call.caller else { return None };
    if facts.caller.as_ref().is_some_and(|caller| caller.status == UserStatus::Active) {
        return None;
    }
    // An access token outlives its account by at most 15 minutes, for reads only.
    let is_read = ["get", "list", "quote"].iter().any(|verb| call.operation.starts_with(verb));
    Some(if is_read { Expected::Either } else { refused(&[400, 401, 403, 404, 409]) })
}

fn of_request(call: &Call, facts: &Facts, model: &Model) -> Expected {
    if let Some(expected) = of_inactive_caller(call, facts) {
        return expected;
    }
    match call.operation {
        "getHealth" | "getReadiness" | "getOpenapi" | "getJwks" | "search" | "listMarkets" => {
            Expected::Success
        }
        "receiveWebhook" => refused(&[400, 401]),
        "refundOrder" if has_amount_and_lines(call) => refused(&[400, 401]),
        "getOrder" | "getOrderTimeline" | "cancelOrder" | "shipOrder" | "deliverOrder" | "refundOrder" => {
            of_order(call, facts, model)
        }
        "listDeadLetters" | "listDiscrepancies" | "getTrialBalance" | "listUsers" | "createUser"
        | "redriveQueue" => {
            match (&call.caller, &facts.caller) {
                // The address of an account may be taken; it may also have been released meanwhile.
                (Caller::Admin, _) if names_an_account(call) => Expected::Either,
                (Caller::Admin, _) => Expected::Success,
                (Caller::Account(_), Some(caller)) if is_user(caller) => refused(&[403]),
                _ => Expected::Either,
            }
        }
        "listEvents" => of_events(call, facts),
        "getMarket" => of_visible_market(facts),
        "deleteMarket" | "patchMarket" | "replaceMarket" | "createProduct" | "getMarketShipping"
        | "setMarketShipping" | "getMarketTax" | "setMarketTax" => of_market(call, facts),
        "setMarketCommission" => of_commission(facts),
        "getMarketCommission" | "getMarketBalance" | "listMarketEntries" => of_money(facts),
        "deleteProduct" | "patchProduct" | "replaceProduct" | "restockProduct" => of_product(call, facts),
        "getJob" | "cancelJob" | "retryJob" | "deleteJob" | "getJobResult" => of_job(call, facts, model),
        "deleteUser" if facts.account.is_none() => refused(&[401, 403, 404]),
        "deleteUser" if facts.blockers > 0 => refused(&[401, 403, 404, 409]),
        "getCurrentUser" => Expected::Success,
        _ => Expected::Either,
    }
}

fn of_visible_market(facts: &Facts) -> Expected {
    match &facts.market {
        Some(market) if market.status != MarketStatus::Draft => Expected::Success,
        Some(market) if is_creator(market, facts) => Expected::Success,
        None => refused(&[404]),
        Some(_) => Expected::Either,
    }
}

fn of_commission(facts: &Facts) -> Expected {
    match &facts.caller {
        _ if facts.market.is_none() => refused(&[401, 403, 404]),
        Some(caller) if is_user(caller) => refused(&[403, 404]),
        _ => Expected::Either,
    }
}

/// Money of a market, which its creator reads.
fn of_money(facts: &Facts) -> Expected {
    match (&facts.market, &facts.caller) {
        (Some(market), _) if is_creator(market, facts) => Expected::Success,
        (Some(_), Some(caller)) if is_user(caller) => refused(&[403, 404]),
        _ => Expected::Either,
    }
}

fn of_events(call: &Call, facts: &Facts) -> Expected {
    match (&facts.market, &facts.caller) {
        _ if call.caller == Caller::Admin => Expected::Success,
        (Some(market), _) if is_creator(market, facts) => Expected::Success,
        (Some(_), Some(caller)) if is_user(caller) => refused(&[404]),
        _ => Expected::Either,
    }
}

/// Returns true if the body contains the address of another account.
fn names_an_account(call: &Call) -> bool {
    call.body.as_ref().is_some_and(|body| body["email"].as_str().is_some_and(|email| email.starts_with('$')))
}

/// Returns true if the body refunds both an amount and lines.
fn has_amount_and_lines(call: &Call) -> bool {
    let has =
        |body: &Value| body["amount"].is_object() && (body["lines"].is_array() || body["shipping"] == true);
    call.body.as_ref().is_some_and(has)
}

fn is_user(caller: &User) -> bool {
    caller.role.to_string() == "user"
}

fn of_order(call: &Call, facts: &Facts, model: &Model) -> Expected {
    let Some(order) = &facts.order else { return refused(&[401, 404]) };
    let party = match &facts.caller {
        Some(caller) if caller.id == order.buyer_id => Party::Buyer,
        Some(caller) if caller.id == order.seller_id => Party::Seller,
        Some(caller) if is_user(caller) => return refused(&[404]),
        Some(_) => Party::Other,
        None if call.caller == Caller::Admin => Party::Other,
        None => return refused(&[401]),
    };
    let is_own = order.buyer_id == order.seller_id;
    match (call.operation, party) {
        ("getOrder" | "getOrderTimeline", _) => Expected::Success,
        ("cancelOrder", Party::Buyer | Party::Seller) => cancel(order, facts),
        ("refundOrder", Party::Buyer) if !is_own => refused(&[403]),
        ("refundOrder", _) => refund(call, order, facts, model),
        (_, Party::Other) => refused(&[403]),
        (_, Party::Buyer) if !is_own => refused(&[403]),
        ("shipOrder", _) => match order.status {
            OrderStatus::Confirmed if left_to_refund(order, facts) == order.total().amount() => {
                Expected::Success
            }
            // The payment may be confirmed at the same time.
            OrderStatus::Confirmed | OrderStatus::Pending | OrderStatus::AwaitingPayment => Expected::Either,
            _ => refused(&[409]),
        },
        ("deliverOrder", _) if order.status == OrderStatus::Shipped => Expected::Success,
        ("deliverOrder", _) => refused(&[409]),
        _ => Expected::Either,
    }
}

/// Amount of an order that was captured and is not refunded.
fn left_to_refund(order: &Order, facts: &Facts) -> i64 {
    facts.payment.as_ref().map_or(0, |payment| payment.refundable(&order.refunds).amount())
}

fn cancel(order: &Order, facts: &Facts) -> Expected {
    match order.status {
        OrderStatus::Pending | OrderStatus::AwaitingPayment => Expected::Success,
        OrderStatus::Confirmed if order.total().amount() == 0 || left_to_refund(order, facts) > 0 => {
            Expected::Success
        }
        OrderStatus::Confirmed => Expected::Either,
        _ => refused(&[409]),
    }
}

fn refund(call: &Call, order: &Order, facts: &Facts, model: &Model) -> Expected {
    let left = left_to_refund(order, facts);
    let lines = call.body.as_ref().and_then(|body| LinesOfRequest::parse(body, model));
    let amount = call.body.as_ref().and_then(|body| body["amount"]["amount"].as_i64());
    // An order that has ended can be refunded if it kept money, because a refund has failed.
    let is_kept =
        matches!(order.status, OrderStatus::Confirmed | OrderStatus::Shipped | OrderStatus::Delivered)
            || order.fulfilment == Fulfilment::Finished;
    // The payment may be confirmed at the same time.
    let is_unpaid = matches!(order.status, OrderStatus::Pending | OrderStatus::AwaitingPayment);
    match amount {
        _ if is_unpaid => Expected::Either,
        _ if left == 0 => refused(&[400, 403, 409]),
        Some(amount) if amount > left => refused(&[400, 403, 409]),
        _ if lines.as_ref().is_some_and(|lines| !lines.are_left(order)) => refused(&[400, 403, 409]),
        // A caller without the permission, and the maximum number of refunds.
        _ if !is_kept || facts.caller.is_none() || order.refunds.len() >= 15 => Expected::Either,
        _ if facts.caller.as_ref().map(|caller| caller.id) != Some(order.seller_id) => Expected::Either,
        _ => Expected::Success,
    }
}

fn is_creator(market: &Market, facts: &Facts) -> bool {
    facts.caller.as_ref().is_some_and(|caller| caller.id == market.creator_id)
}

fn of_market(call: &Call, facts: &Facts) -> Expected {
    let Some(market) = &facts.market else { return refused(&[401, 404]) };
    let is_moderated = call.operation == "patchMarket";
    match &facts.caller {
        _ if is_creator(market, facts) => {}
        Some(caller) if is_user(caller) => return refused(&[403, 404]),
        None if call.caller == Caller::Anonymous => return refused(&[401]),
        _ if is_moderated => return Expected::Either,
        _ => return refused(&[403, 404]),
    }
    match (call.operation, market.status) {
        ("deleteMarket", _) if facts.blockers > 0 => refused(&[409]),
        ("deleteMarket" | "createProduct", MarketStatus::Suspended)
        | ("createProduct", MarketStatus::Closed) => refused(&[409]),
        ("createProduct" | "getMarketShipping" | "getMarketTax", _) => Expected::Success,
        _ => Expected::Either,
    }
}

fn of_product(call: &Call, facts: &Facts) -> Expected {
    if facts.product.is_none() {
        return refused(&[401, 404]);
    }
    // The description leaves open whether the products of a deleted market can still be deleted.
    let Some(market) = &facts.market else { return Expected::Either };
    match &facts.caller {
        _ if is_creator(market, facts) => {}
        None if call.caller == Caller::Anonymous => return refused(&[401]),
        _ => return refused(&[403, 404]),
    }
    Expected::Either
}

fn of_job(call: &Call, facts: &Facts, model: &Model) -> Expected {
    let Some(job) = &facts.job else { return refused(&[401, 404]) };
    let owner = model.of(crate::model::Kind::Job).find(|known| known.id == job.id.to_string());
    if owner.is_none_or(|known| known.owner != call.caller) {
        return refused(&[401, 404]);
    }
    if facts.is_job_expiring {
        return Expected::Either;
    }
    match call.operation {
        // A reindex cannot be cancelled while it counts the orders of a market.
        "cancelJob" if job.status.is_open() && matches!(job.work, JobParams::Reindex(_)) => Expected::Either,
        "cancelJob" if job.status.is_open() => Expected::Success,
        "cancelJob" => refused(&[409]),
        // The job may end before the request is processed.
        "deleteJob" if job.status.is_open() => Expected::Either,
        "getJob" | "deleteJob" => Expected::Success,
        _ => Expected::Either,
    }
}
