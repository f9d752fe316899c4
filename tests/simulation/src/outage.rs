//! Outages: instances process a backlog of orders while a service fails. Afterwards, every order must be
//! confirmed, without a dead letter and without exceeding the rates that the gateway allows.

mod world;

use std::fmt;
use std::time::Duration;

use strum::{Display, VariantArray};

use world::World;

/// Maximum time from the end of an outage to the last commit. It covers the maximum delay of a message.
const RECOVERY: Duration = Duration::from_hours(1);

/// Failure of a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Display, VariantArray)]
#[strum(serialize_all = "kebab-case")]
pub enum Failure {
    /// The gateway does not respond.
    GatewayHangs,
    /// The gateway rejects all calls because there are too many.
    GatewayThrottles,
    /// The gateway rejects the API key.
    GatewayUnauthorised,
    /// The gateway fails with an internal error.
    GatewayFails,
    /// The gateway refuses connections.
    GatewayRefuses,
    /// The table rejects all calls because there are too many.
    TableThrottles,
    /// The table fails with an internal error.
    TableFails,
}

/// An outage and the backlog of orders.
#[derive(Debug, Clone, Copy)]
pub struct Outage {
    /// Failure of the service.
    pub failure: Failure,
    /// Duration of the failure.
    pub duration: Duration,
    /// Number of orders. All are placed before the outage.
    pub orders: usize,
}

/// Result of an outage.
#[derive(Debug, Clone)]
pub struct OutageResult {
    /// The outage.
    pub outage: Outage,
    /// Number of confirmed orders.
    pub confirmed: usize,
    /// Number of dead letters.
    pub dead: usize,
    /// Number of charges at the gateway.
    pub charges: usize,
    /// Number of calls to the gateway.
    pub calls: usize,
    /// Number of calls that the gateway rejected because they exceeded its rates, not because of the outage.
    pub too_fast: usize,
    /// Time from the end of the outage to the last commit.
    pub recovery: Duration,
}

impl OutageResult {
    /// Returns true if each order was confirmed with one charge, without an operator, at the gateway's rates and
    /// in time.
    #[must_use]
    pub fn is_success(&self) -> bool {
        let orders = self.outage.orders;
        (self.confirmed, self.charges, self.dead, self.too_fast) == (orders, orders, 0, 0)
            && self.recovery <= RECOVERY
    }
}

impl fmt::Display for OutageResult {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Outage { failure, duration, orders } = self.outage;
        write!(
            f,
            "{failure} for {duration:?}, {orders} orders: {} confirmed, {} charges, {} dead letters, \
             {} calls to the gateway, {} of them above its rates, last commit {:?} after the outage",
            self.confirmed, self.charges, self.dead, self.calls, self.too_fast, self.recovery
        )
    }
}

/// Runs an outage.
///
/// # Panics
/// If the orders cannot be placed before the outage.
#[must_use]
pub fn run(outage: Outage) -> OutageResult {
    let mut world = World::with_orders(outage.orders);
    let until = world.now().saturating_add(outage.duration);
    world.outage = Some((outage.failure, until));
    while world.step() {}
    OutageResult {
        outage,
        confirmed: world.table.final_statuses().iter().filter(|status| *status == "confirmed").count(),
        dead: world.queues.dead.len(),
        charges: world.payments.charges(),
        calls: world.calls,
        too_fast: world.too_fast,
        recovery: world.last_commit.duration_since(until),
    }
}
