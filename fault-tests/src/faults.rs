//! Everything that goes wrong on purpose, one file for each kind.

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

use crate::fault::Fault;

/// Every kind, in the order in which they are run and listed.
pub(crate) const ALL: &[&dyn Fault] = &[
    &no_fault::Trade,
    &simulation::Schedules,
    &saga_calls::Calls,
    &kills::Kills,
    &duplicates::Duplicates,
    &reordering::Reordered,
    &poison::Poison,
    &throttling::Throttled,
    &payment_gateway::FAILS,
    &payment_gateway::SLOW,
    &payment_gateway::LATE,
    &payment_gateway::LOST,
    &payment_gateway::FORGOTTEN,
    &payment_gateway::DECLINES,
    &payment_gateway::REFUND_LOST,
    &payment_gateway::WEBHOOKS_TWICE,
    &payment_gateway::WEBHOOKS_LATE,
    &relay_down::Relay,
    &clock_skew::Skew,
    &races::Races,
    &outages::Outages,
    &redrives::Redrives,
    &rate_limits::Limits,
    &table_unavailable::Stores,
];

/// The order saga.
const FULFILMENT: &str = "queue-fulfilment";
