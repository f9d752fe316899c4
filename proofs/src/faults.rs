//! Everything that goes wrong on purpose, one file for each kind.

mod calls;
mod duplicates;
mod gateway;
mod kills;
mod limits;
mod outages;
mod overheard;
mod poison;
mod races;
mod redrives;
mod relay;
mod reordered;
mod schedules;
mod skew;
mod stores;
mod throttled;
mod trade;

use crate::fault::Fault;

/// Every kind, in the order in which they are run and listed.
pub(crate) const ALL: &[&dyn Fault] = &[
    &trade::Trade,
    &schedules::Schedules,
    &calls::Calls,
    &kills::Kills,
    &duplicates::Duplicates,
    &reordered::Reordered,
    &poison::Poison,
    &throttled::Throttled,
    &gateway::FAILS,
    &gateway::SLOW,
    &gateway::LATE,
    &gateway::LOST,
    &gateway::FORGOTTEN,
    &gateway::DECLINES,
    &gateway::REFUND_LOST,
    &gateway::WEBHOOKS_TWICE,
    &gateway::WEBHOOKS_LATE,
    &relay::Relay,
    &skew::Skew,
    &races::Races,
    &outages::Outages,
    &redrives::Redrives,
    &limits::Limits,
    &stores::Stores,
];

/// The order saga.
const FULFILMENT: &str = "queue-fulfilment";
