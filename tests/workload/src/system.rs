//! System under test: the functions with their services, in the simulation or as binaries.

use std::time::Duration;

use http::{HeaderMap, Method, StatusCode};
use local::services::ses::Email;
use serde_json::Value;
use shared::kit::command::{Item, Key};
use shared::kit::system::clock::Timestamp;
use test_support::audit::AuditSnapshot;

/// Request to the API.
#[derive(Debug, Clone)]
pub struct Request {
    /// Method.
    pub method: Method,
    /// Path with the query.
    pub path: String,
    /// Headers.
    pub headers: Vec<(String, String)>,
    /// Body.
    pub body: Option<String>,
}

/// Response of the API.
#[derive(Debug, Clone)]
pub struct Response {
    /// Status code.
    pub status: StatusCode,
    /// Headers.
    pub headers: HeaderMap,
    /// Body.
    pub body: Vec<u8>,
}

impl Response {
    /// Parses the body as JSON; null if it is not JSON.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// A header as text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<String> {
        Some(self.headers.get(name)?.to_str().ok()?.to_owned())
    }
}

/// Action outside of the API: of a buyer, a seller, or a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OutsideAction {
    /// The buyer pays an order at the gateway with this payment method.
    Pay {
        /// Id of the order.
        order: String,
        /// Payment method.
        method: &'static str,
    },
    /// The seller refunds a part of a payment in the gateway's dashboard, in per cent of what is left.
    RefundAtGateway {
        /// Id of the order.
        order: String,
        /// Part in per cent.
        percent: i64,
    },
    /// Refunds to test cards succeed or fail now, as they do some time after they were accepted.
    SettleRefunds,
    /// A message that cannot be parsed is sent to the queue with this logical id.
    SendMalformedMessage(&'static str),
    /// The gateway fails every call for this time.
    GatewayOutage(Duration),
}

/// System under test.
#[expect(async_fn_in_trait, reason = "the implementations are used in one thread")]
pub trait System {
    /// Sends a request. `None` if the response is lost.
    async fn send(&mut self, request: &Request) -> Option<Response>;

    /// Lets the background work take some steps.
    async fn work(&mut self, steps: usize);

    /// Lets the background work go on until nothing is left to do now.
    async fn idle(&mut self);

    /// Lets time pass until nothing is left to do at all, for example until unpaid orders have expired. Returns
    /// false if that does not happen.
    async fn settle(&mut self) -> bool;

    /// Lets time pass.
    async fn pass_time(&mut self, duration: Duration);

    /// Creates an account with the role `admin` and this address and password.
    async fn create_admin(&mut self, email: &str, password: &str);

    /// Executes an action; returns false if it is not possible in the current state.
    async fn act(&mut self, action: &OutsideAction) -> bool;

    /// Reads an item of the table.
    async fn item(&mut self, key: &Key) -> Option<Item>;

    /// E-mails to an address, oldest first.
    async fn emails_to(&mut self, address: &str) -> Vec<Email>;

    /// Current time.
    fn now(&self) -> Timestamp;

    /// Ends the injection of faults.
    fn stop_faults(&mut self);

    /// Number of injected faults.
    fn faults(&self) -> u64;

    /// Reads everything that the auditor checks.
    async fn snapshot(&mut self) -> AuditSnapshot;
}
