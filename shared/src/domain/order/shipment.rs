//! Shipment of an order, and the address to which it is delivered.

pub mod address;
pub mod deliver;
pub mod ship;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::domain::values::text::{Carrier, TrackingNumber};

/// Shipment of an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Shipment {
    /// Name of the carrier.
    pub carrier: Carrier,
    /// Tracking number assigned by the carrier.
    pub tracking_number: TrackingNumber,
}
