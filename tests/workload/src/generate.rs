//! Generator of steps. Every operation has an entry with a weight; the entry chooses caller, resource and body.

#![expect(clippy::unnecessary_wraps, reason = "the builders of all operations have one type")]

mod accounts;
mod administration;
mod catalogue;
mod orders;

use std::time::Duration;

use fastrand::Rng;
use serde_json::{Value, json};

use crate::model::{Kind, Model, PASSWORD, Resource};
use crate::operations::operation;
use crate::step::{Call, Caller, Step, Target, Variation};

/// Builds a request of an operation; `None` if nothing it could be about exists.
pub type Build = fn(&mut Draft<'_>) -> Option<Call>;

/// Entry of an operation: operation id, weight and builder.
pub type Entry = (&'static str, u32, Build);

/// Maximum number of steps of the background work after a request.
const MAX_WORK: usize = 40;

/// Draft of a step.
pub struct Draft<'a> {
    pub(crate) rng: &'a mut Rng,
    pub(crate) model: &'a Model,
    /// Number of the step.
    pub(crate) step: usize,
    operation: &'static str,
}

/// Generator of the steps of a seed.
pub struct Generator {
    rng: Rng,
    entries: Vec<Entry>,
    total: u32,
    /// Request that follows the last step.
    next: Option<FollowUp>,
}

/// Request that meets the work that the step before it has started.
#[derive(Debug, Clone, Copy)]
enum FollowUp {
    /// Ends an order that was just refunded at the gateway, which its parties may not know yet.
    EndOrder(usize),
    /// Deletes a market whose report was just requested.
    DeleteMarket(usize),
    /// Sets the password of an account that was just created for another person.
    AcceptInvitation(usize),
}

impl Generator {
    /// Creates the generator of a seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        let entries = entries();
        let total = entries.iter().map(|(_, weight, _)| weight).sum();
        Self { rng: Rng::with_seed(seed), entries, total, next: None }
    }

    /// Generates the step with this number.
    pub fn next(&mut self, step: usize, model: &Model) -> Step {
        if let Some(call) = self.next.take().and_then(|next| self.follow_up(next, step, model)) {
            return Step::Call(call);
        }
        loop {
            let generated = match self.rng.u8(..100) {
                0..16 => outside(&mut self.rng, model),
                _ => self.call(step, model).map(Step::Call),
            };
            if let Some(generated) = generated {
                let next = next_after(step, &generated);
                self.next = next.filter(|(_, percent)| self.rng.u8(..100) < *percent).map(|(next, _)| next);
                return generated;
            }
        }
    }

    fn follow_up(&mut self, next: FollowUp, step: usize, model: &Model) -> Option<Call> {
        match next {
            FollowUp::EndOrder(order) => self.end_of(order, step, model),
            FollowUp::DeleteMarket(market) => {
                let draft = Draft { rng: &mut self.rng, model, step, operation: "deleteMarket" };
                let market = model.get(market)?;
                Some(draft.about(market.owner, market))
            }
            FollowUp::AcceptInvitation(account) => {
                let draft = Draft { rng: &mut self.rng, model, step, operation: "confirmPasswordReset" };
                let body = json!({ "token": format!("$reset:{account}"), "password": PASSWORD });
                with_body(draft.request(Caller::Anonymous), body)
            }
        }
    }

    /// Cancels or refunds an order.
    fn end_of(&mut self, order: usize, step: usize, model: &Model) -> Option<Call> {
        let (operation, caller) = match self.rng.u8(..3) {
            0 => ("cancelOrder", model.get(order)?.owner),
            1 => ("cancelOrder", model.seller_of(order)?),
            _ => ("refundOrder", model.seller_of(order)?),
        };
        let draft = Draft { rng: &mut self.rng, model, step, operation };
        let reason = draft.reason();
        with_body(draft.about(caller, model.get(order)?), json!({ "reason": reason }))
            .map(|call| Call { work: draft.rng.usize(..MAX_WORK), ..call })
    }

    fn call(&mut self, step: usize, model: &Model) -> Option<Call> {
        let mut left = self.rng.u32(..self.total);
        let entry = self.entries.iter().find(|(_, weight, _)| {
            let is_chosen = left < *weight;
            left = left.saturating_sub(*weight);
            is_chosen
        });
        let (id, _, build) = entry?;
        let mut draft = Draft { rng: &mut self.rng, model, step, operation: id };
        let call = build(&mut draft)?;
        let variation = Variation::choose(&mut self.rng, &call, operation(id));
        let work = match *id {
            // The invitation is sent meanwhile.
            "createUser" => 2 * MAX_WORK,
            _ if self.rng.u8(..4) == 0 => 0,
            _ => self.rng.usize(..MAX_WORK),
        };
        Some(Call { variation, work, ..call })
    }
}

/// Request that may follow a step, with its probability in per cent.
fn next_after(number: usize, step: &Step) -> Option<(FollowUp, u8)> {
    match step {
        Step::Call(call) if call.operation == "createUser" => Some((FollowUp::AcceptInvitation(number), 70)),
        Step::RefundAtGateway(order, _) => Some((FollowUp::EndOrder(*order), 70)),
        Step::Call(call) if call.operation == "createJob" && call.work == 0 => {
            let market = call.body.as_ref()?["params"]["marketId"].as_str()?;
            Some((FollowUp::DeleteMarket(market.strip_prefix("$id:")?.parse().ok()?), 50))
        }
        _ => None,
    }
}

/// Entries of all operations.
#[must_use]
pub fn entries() -> Vec<Entry> {
    let groups = [accounts::ENTRIES, catalogue::ENTRIES, orders::ENTRIES, administration::ENTRIES];
    groups.concat()
}

/// Generates a step outside of the API.
fn outside(rng: &mut Rng, model: &Model) -> Option<Step> {
    let methods = ["pm_card_visa", "pm_card_visa", "pm_card_chargeDeclined", "pm_card_pendingRefund"];
    match rng.u8(..100) {
        0..20 => {
            let order = model.choose_order(rng, &["awaiting_payment"])?.step;
            Some(Step::Pay(order, methods[rng.usize(..methods.len())]))
        }
        20..46 => {
            let order = model.choose_order(rng, &["confirmed", "shipped"])?.step;
            Some(Step::RefundAtGateway(order, [25, 25, 50, 100][rng.usize(..4)]))
        }
        46..55 => Some(Step::SettleRefunds),
        55..61 => {
            let queues = ["FulfilmentQueue", "EmailsQueue", "SearchIndexQueue", "AnalyticsQueue"];
            Some(Step::SendMalformedMessage(queues[rng.usize(..queues.len())]))
        }
        61..64 => Some(Step::GatewayOutage(Duration::from_secs([20, 150, 1_200][rng.usize(..3)]))),
        64..76 => Some(Step::Settle),
        76..95 => Some(Step::PassTime(Duration::from_secs(rng.u64(1..120)))),
        _ => Some(Step::PassTime(Duration::from_mins([10, 70, 600][rng.usize(..3)]))),
    }
}

impl Draft<'_> {
    /// Request of the operation without a resource or a body.
    pub(crate) fn request(&self, caller: Caller) -> Call {
        Call {
            operation: self.operation,
            caller,
            target: Target::None,
            query: String::new(),
            body: None,
            variation: Variation::None,
            work: 0,
        }
    }

    /// Request about a resource.
    pub(crate) fn about(&self, caller: Caller, resource: &Resource) -> Call {
        Call { target: Target::Created(resource.step), ..self.request(caller) }
    }

    /// Returns true with this probability in per cent.
    pub(crate) fn percent(&mut self, percent: u8) -> bool {
        self.rng.u8(..100) < percent
    }

    /// One of `choices`.
    pub(crate) fn one_of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.rng.usize(..choices.len())]
    }

    /// A resource of a kind.
    pub(crate) fn any(&mut self, kind: Kind) -> Option<Resource> {
        self.model.choose(self.rng, kind).cloned()
    }

    /// A resource of a kind, in a state that is chosen first.
    pub(crate) fn in_any_state(&mut self, kind: Kind) -> Option<Resource> {
        self.model.choose_by_status(self.rng, kind).cloned()
    }

    /// Any account.
    pub(crate) fn account(&mut self) -> Option<Caller> {
        self.any(Kind::Account).map(|account| account.owner)
    }

    /// Mostly `expected`, otherwise another account, the administrator, or an anonymous caller.
    pub(crate) fn mostly(&mut self, expected: Caller) -> Caller {
        match self.rng.u8(..100) {
            0..80 => expected,
            80..92 => self.account().unwrap_or(expected),
            92..98 => Caller::Admin,
            _ => Caller::Anonymous,
        }
    }

    /// Reason in the body of a request.
    pub(crate) fn reason(&self) -> Value {
        json!(format!("reason {}", self.step))
    }

    /// Query of a list.
    pub(crate) fn page(&mut self) -> String {
        let queries = ["", "", "limit=1", "limit=2&page=2", "limit=5&offset=1", "limit=100"];
        self.one_of(&queries).to_owned()
    }
}

/// Adds a body to a request.
pub(crate) fn with_body(call: Call, body: Value) -> Option<Call> {
    Some(Call { body: Some(body), ..call })
}

/// Adds a query to a request.
pub(crate) fn with_query(call: Call, query: impl Into<String>) -> Option<Call> {
    Some(Call { query: query.into(), ..call })
}

/// Joins the parameters of a query; empty ones are left out.
pub(crate) fn joined(parameters: &[&str]) -> String {
    let parameters: Vec<&str> = parameters.iter().copied().filter(|part| !part.is_empty()).collect();
    parameters.join("&")
}
