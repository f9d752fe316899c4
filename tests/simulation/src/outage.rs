//! Outages: orders on many instances while a service fails. Afterwards every order must be confirmed, without a
//! dead letter and without exceeding the rates that the gateway allows.

mod world;

use std::fmt;
use std::time::Duration;

use strum::{Display, VariantArray};

use world::World;

/// Time after the outage within which all orders are confirmed: the longest delay of a message, and more.
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

/// Orders during an outage.
#[derive(Debug, Clone, Copy)]
pub struct Outage {
    /// Failure of the service.
    pub failure: Failure,
    /// Duration of the failure.
    pub duration: Duration,
    /// Number of orders, which are all placed before.
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
    /// Time from the end of the outage to the last confirmation.
    pub recovery: Duration,
}

impl OutageResult {
    /// Returns true if all work was done, once, and without an operator.
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
            "{failure} for {duration:?}, {orders} orders: {} confirmed, {} charges, {} dead letters, {} calls of \
             the gateway, {} of them too fast, done {:?} after the outage",
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
    world.outage = Some((outage.failure, world.now().saturating_add(outage.duration)));
    while world.step() {}
    let until = world.outage.map_or(world.now(), |(_, until)| until);
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
