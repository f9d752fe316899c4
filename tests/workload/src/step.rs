//! Steps of a run. They name earlier results by the number of their step, so that a step can be removed
//! without changing the meaning of the others.

use std::fmt;
use std::time::Duration;

use serde_json::Value;

/// Step of a run.
#[derive(Debug, Clone)]
pub enum Step {
    /// A request to the API.
    Call(Call),
    /// The buyer pays the order of a step at the gateway with this payment method.
    Pay(usize, &'static str),
    /// A part in per cent of the payment of the order of a step is refunded in the gateway's dashboard.
    RefundAtGateway(usize, i64),
    /// Refunds to test cards succeed or fail.
    SettleRefunds,
    /// A message that cannot be parsed is sent to the queue with this logical id.
    SendMalformedMessage(&'static str),
    /// The gateway fails every call for this time.
    GatewayOutage(Duration),
    /// Time passes.
    PassTime(Duration),
    /// The background work goes on until nothing is left to do now.
    Settle,
}

/// A request to the API.
#[derive(Debug, Clone)]
pub struct Call {
    /// Operation id.
    pub operation: &'static str,
    /// Caller.
    pub caller: Caller,
    /// Resource in the path.
    pub target: Target,
    /// Query with references, as in `body`.
    pub query: String,
    /// Body. Strings like `$id:17` refer to a result of a step.
    pub body: Option<Value>,
    /// Change of the request, and what is sent with it.
    pub variation: Variation,
    /// Number of steps of the background work after the response.
    pub work: usize,
}

/// Caller of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Caller {
    /// Caller without an access token.
    Anonymous,
    /// The administrator of the setup.
    Admin,
    /// The account of a step.
    Account(usize),
}

/// Resource in the path of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// The path has no parameter.
    None,
    /// The result of a step.
    Created(usize),
    /// The payment of the order of a step.
    PaymentOf(usize),
    /// The dead letter with this number, oldest first.
    DeadLetter(usize),
}

/// Change of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::VariantArray, strum::Display)]
#[strum(serialize_all = "kebab-case")]
pub enum Variation {
    /// The request is sent as it is.
    None,
    /// The request is sent again under the same idempotency key.
    Repeat,
    /// The access token is missing.
    NoToken,
    /// The signature of the access token is wrong.
    DamagedToken,
    /// The resource does not exist.
    UnknownTarget,
    /// No acceptable media type.
    WrongAccept,
    /// Another media type than JSON.
    WrongContentType,
    /// The body is too large.
    TooLarge,
    /// The body is not JSON.
    MalformedJson,
    /// The body has an unknown field.
    UnknownField,
    /// `If-Match` is missing.
    NoIfMatch,
    /// `If-Match` has the tag of another version.
    StaleIfMatch,
    /// A required idempotency key is missing.
    NoKey,
    /// The key is then used for another body, or for another resource if the request has no body.
    ReusedKey,
    /// The idempotency key is invalid.
    InvalidKey,
    /// A query parameter is invalid, or missing.
    InvalidQuery,
    /// `If-None-Match` has the present tag.
    NotModified,
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Call(call) => write!(f, "{call}"),
            Self::Pay(order, method) => write!(f, "the buyer pays order {order} with {method}"),
            Self::RefundAtGateway(order, percent) => {
                write!(f, "{percent} % of order {order} are refunded at the gateway")
            }
            Self::SettleRefunds => f.write_str("pending refunds succeed, and refunds to failing cards fail"),
            Self::SendMalformedMessage(queue) => write!(f, "a malformed message is sent to {queue}"),
            Self::GatewayOutage(duration) => write!(f, "the gateway fails for {} s", duration.as_secs()),
            Self::PassTime(duration) => write!(f, "{} s pass", duration.as_secs()),
            Self::Settle => f.write_str("all work is done"),
        }
    }
}

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {}", self.caller, self.operation)?;
        match self.target {
            Target::None => {}
            Target::Created(step) => write!(f, " of {step}")?,
            Target::PaymentOf(step) => write!(f, " of the payment of {step}")?,
            Target::DeadLetter(number) => write!(f, " of dead letter {number}")?,
        }
        if !self.query.is_empty() {
            write!(f, " ?{}", self.query)?;
        }
        if let Some(body) = &self.body {
            write!(f, " {body}")?;
        }
        if self.variation != Variation::None {
            write!(f, " ({})", self.variation)?;
        }
        Ok(())
    }
}
