//! Faults, one file for each kind.

mod clock_skew;
mod duplicates;
mod kills;
mod no_fault;
mod outages;
mod payment_gateway;
mod poison;
mod races;
mod rate_limits;
mod redrives;
mod relay_down;
mod relay_tap;
mod reordering;
mod saga_calls;
mod simulation;
mod table_unavailable;
mod throttling;

use crate::fault::{Fault, FaultInfo};

/// All faults, in the order in which they are run and listed.
const ALL: &[&dyn Fault] = &[
    &no_fault::NoFault,
    &simulation::Simulation,
    &saga_calls::SagaCalls,
    &kills::Kills,
    &duplicates::Duplicates,
    &reordering::Reordering,
    &poison::Poison,
    &throttling::Throttling,
    &payment_gateway::FAILS,
    &payment_gateway::SLOW,
    &payment_gateway::LATE,
    &payment_gateway::LOST,
    &payment_gateway::FORGOTTEN,
    &payment_gateway::DECLINES,
    &payment_gateway::REFUND_LOST,
    &payment_gateway::WEBHOOKS_TWICE,
    &payment_gateway::WEBHOOKS_LATE,
    &relay_down::RelayDown,
    &clock_skew::ClockSkew,
    &races::Races,
    &outages::Outages,
    &redrives::Redrives,
    &rate_limits::RateLimits,
    &table_unavailable::TableUnavailable,
];

/// Function that runs the order saga.
const FULFILMENT: &str = "queue-fulfilment";

/// All fault tests.
pub fn all() -> impl Iterator<Item = FaultInfo> {
    ALL.iter().map(|fault| FaultInfo {
        name: fault.name(),
        description: fault.description(),
        trial_counts: fault.trial_counts(),
    })
}

/// Fault test with this name.
pub(crate) fn named(name: &str) -> Option<&'static dyn Fault> {
    ALL.iter().copied().find(|fault| fault.name() == name)
}
