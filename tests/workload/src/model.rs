//! Resources that the clients created, by the number of the step.

use std::collections::BTreeSet;

use fastrand::Rng;
use serde_json::Value;

use crate::step::{Call, Caller, Target};

/// Password of all accounts.
pub const PASSWORD: &str = "correct horse battery staple";

/// Kind of a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, strum::Display, strum::VariantArray)]
#[strum(serialize_all = "lowercase")]
pub enum Kind {
    /// An account.
    Account,
    /// A market.
    Market,
    /// A product.
    Product,
    /// An order.
    Order,
    /// A job.
    Job,
}

/// A resource that a client created.
#[derive(Debug, Clone)]
pub struct Resource {
    /// Number of the step.
    pub step: usize,
    /// Kind.
    pub kind: Kind,
    /// Id.
    pub id: String,
    /// Account that created it; the account itself for one that registered.
    pub owner: Caller,
    /// Step of the market of a product, or of the first product of an order.
    pub parent: Option<usize>,
    /// Price of a product, total of an order.
    pub amount: i64,
    /// Status of an order or a job, as last seen; empty for other resources.
    pub status: String,
    /// True if a market has shipping zones.
    pub ships: bool,
    /// True if a market has tax rates.
    pub taxes: bool,
    /// True after it was deleted.
    pub is_deleted: bool,
}

/// Resources that the clients created.
#[derive(Debug, Clone, Default)]
pub struct Model {
    resources: Vec<Resource>,
}

impl Model {
    /// Resource of a step.
    #[must_use]
    pub fn get(&self, step: usize) -> Option<&Resource> {
        self.resources.iter().find(|resource| resource.step == step)
    }

    /// Resources of a kind, in the order of their creation.
    #[must_use]
    pub fn of(&self, kind: Kind) -> impl DoubleEndedIterator<Item = &Resource> {
        self.resources.iter().filter(move |resource| resource.kind == kind)
    }

    /// Chooses a resource: mostly a recent one, seldom a deleted one.
    pub fn choose(&self, rng: &mut Rng, kind: Kind) -> Option<&Resource> {
        let keep_deleted = rng.u8(..10) == 0;
        let known: Vec<&Resource> =
            self.of(kind).filter(|resource| keep_deleted || !resource.is_deleted).collect();
        let recent = known.len().min(3);
        match (known.len(), rng.u8(..10)) {
            (0, _) => None,
            (len, 0..7) => Some(known[len - 1 - rng.usize(..recent)]),
            (len, _) => Some(known[rng.usize(..len)]),
        }
    }

    /// Chooses an order: mostly one that was last seen in one of these states.
    pub fn choose_order(&self, rng: &mut Rng, statuses: &[&str]) -> Option<&Resource> {
        let suitable = self.of(Kind::Order).filter(|order| statuses.contains(&order.status.as_str()));
        let suitable: Vec<&Resource> = suitable.collect();
        match (suitable.len(), rng.u8(..10)) {
            (1.., 0..7) => Some(suitable[rng.usize(..suitable.len())]),
            (_, 7) => self.choose_by_status(rng, Kind::Order),
            _ => self.choose(rng, Kind::Order),
        }
    }

    /// Chooses a state in which a resource was last seen, and then one of the resources in it, so that rare
    /// states are not chosen less often.
    pub fn choose_by_status(&self, rng: &mut Rng, kind: Kind) -> Option<&Resource> {
        let known = || self.of(kind).filter(|resource| !resource.is_deleted);
        let statuses: BTreeSet<&str> = known().map(|resource| resource.status.as_str()).collect();
        let status = statuses.iter().nth(rng.usize(..statuses.len().max(1)))?;
        let suitable: Vec<&Resource> = known().filter(|resource| resource.status == *status).collect();
        suitable.get(rng.usize(..suitable.len())).copied()
    }

    /// Steps of the latest resources of a kind.
    #[must_use]
    pub fn latest(&self, kind: Kind, number: usize) -> Vec<usize> {
        self.of(kind).rev().take(number).map(|resource| resource.step).collect()
    }

    /// Records the present status of a resource, if it exists.
    pub fn set_status(&mut self, step: usize, status: Option<String>) {
        let resource = self.resources.iter_mut().find(|resource| resource.step == step);
        if let (Some(resource), Some(status)) = (resource, status) {
            resource.status = status;
        }
    }

    /// Seller of a market, product or order.
    #[must_use]
    pub fn seller_of(&self, step: usize) -> Option<Caller> {
        let resource = self.get(step)?;
        match resource.kind {
            Kind::Market => Some(resource.owner),
            Kind::Product | Kind::Order => self.seller_of(resource.parent?),
            Kind::Account | Kind::Job => None,
        }
    }

    /// Records the effect of a successful request.
    pub fn record(&mut self, step: usize, call: &Call, data: &Value) {
        let kind = match call.operation {
            "registerUser" | "createUser" => Kind::Account,
            "createMarket" => Kind::Market,
            "createProduct" => Kind::Product,
            "placeOrder" => Kind::Order,
            "createJob" => Kind::Job,
            "deleteMarket" | "deleteProduct" | "deleteUser" | "deleteJob" => {
                if let Target::Created(step) = call.target {
                    self.delete(step);
                }
                return;
            }
            "setMarketShipping" | "setMarketTax" => return self.set_settings(call, data),
            _ => return,
        };
        let Some(id) = data["id"].as_str() else { return };
        let owner = if kind == Kind::Account { Caller::Account(step) } else { call.caller };
        let parent = match (kind, call.target) {
            (Kind::Product, Target::Created(market)) => Some(market),
            (Kind::Order, _) => call.body.as_ref().and_then(first_product),
            _ => None,
        };
        let amount = data["total"]["amount"].as_i64().or(data["price"]["amount"].as_i64());
        let (id, amount) = (id.to_owned(), amount.unwrap_or_default());
        self.resources.push(Resource {
            step,
            kind,
            id,
            owner,
            parent,
            amount,
            status: String::new(),
            ships: false,
            taxes: false,
            is_deleted: false,
        });
    }

    /// Records the settings of a market.
    fn set_settings(&mut self, call: &Call, data: &Value) {
        let Target::Created(step) = call.target else { return };
        let Some(market) = self.resources.iter_mut().find(|resource| resource.step == step) else { return };
        let has = |list: &Value| list.as_array().map(|list| !list.is_empty());
        market.ships = has(&data["zones"]).unwrap_or(market.ships);
        market.taxes = has(&data["rates"]).unwrap_or(market.taxes);
    }

    fn delete(&mut self, step: usize) {
        let resources = self.resources.iter_mut();
        resources.filter(|resource| resource.step == step).for_each(|resource| resource.is_deleted = true);
    }
}

/// Step of the first product in the body of an order.
fn first_product(body: &Value) -> Option<usize> {
    body["items"][0]["productId"].as_str()?.strip_prefix("$id:")?.parse().ok()
}
