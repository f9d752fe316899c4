//! Bodies of injected error responses.

use serde_json::{Value, json};

use super::Service;

/// Body of an injected error response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FaultBody {
    /// Empty body.
    Empty,
    /// `ProvisionedThroughputExceededException`; from SQS, `RequestThrottled`; from SES,
    /// `TooManyRequestsException`.
    Throttled,
    /// `ThrottlingException`: the limit of the account is exceeded, not that of the table.
    Throttling,
    /// For a transaction, a cancellation in which the first item conflicts with another transaction and the
    /// other items have no error. For a single write, `TransactionConflictException`.
    TransactionConflict,
    /// For a transaction, a cancellation with these reasons, item by item. Further items have no error.
    Cancelled(&'static [&'static str]),
    /// The given JSON document.
    Json(Value),
}

impl FaultBody {
    /// Builds the body for a call. The request determines the number of items of a transaction.
    pub(super) fn build(&self, service: Service, operation: &str, request: &[u8]) -> Vec<u8> {
        let error = |kind: &str, message: &str| json!({ "__type": kind, "message": message });
        let body = match (self, service) {
            (Self::Empty, _) => return Vec::new(),
            (Self::Json(body), _) => body.clone(),
            (Self::Throttled | Self::Throttling, Service::Sqs) => {
                error("com.amazonaws.sqs#RequestThrottled", "Rate exceeded")
            }
            (Self::Throttled | Self::Throttling, Service::Ses) => {
                error("TooManyRequestsException", "Maximum sending rate exceeded.")
            }
            (Self::Throttled | Self::Throttling, Service::Bedrock) => {
                error("ThrottlingException", "Too many requests, please wait before trying again.")
            }
            (Self::Throttled, _) => error(
                "com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException",
                "The level of configured provisioned throughput for the table was exceeded.",
            ),
            (Self::Throttling, _) => error(
                "com.amazon.coral.availability#ThrottlingException",
                "Rate of requests exceeds the allowed throughput.",
            ),
            (Self::TransactionConflict, _) => conflict(operation, request),
            (Self::Cancelled(codes), _) => cancelled(codes, request),
        };
        body.to_string().into_bytes()
    }
}

fn conflict(operation: &str, request: &[u8]) -> Value {
    if !operation.starts_with("Transact") {
        return json!({
            "__type": "com.amazonaws.dynamodb.v20120810#TransactionConflictException",
            "message": "Transaction is ongoing for the item",
        });
    }
    cancelled(&["TransactionConflict"], request)
}

/// Cancellation of a transaction with these reasons, item by item.
pub(super) fn cancelled(codes: &[&str], request: &[u8]) -> Value {
    let items = serde_json::from_slice::<Value>(request)
        .ok()
        .and_then(|request| request["TransactItems"].as_array().map(Vec::len))
        .unwrap_or(1);
    let padded = codes.iter().copied().chain(std::iter::repeat("None"));
    let codes: Vec<&str> = padded.take(items.max(1)).collect();
    let reason = |code: &&str| match *code {
        "None" => json!({ "Code": "None" }),
        code => json!({ "Code": code, "Message": "The write of the item failed" }),
    };
    json!({
        "__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException",
        "Message": format!(
            "Transaction cancelled, please refer cancellation reasons for specific reasons [{}]",
            codes.join(", ")
        ),
        "CancellationReasons": codes.iter().map(reason).collect::<Vec<_>>(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn transaction_conflict_has_one_reason_per_item() {
        let request = json!({ "TransactItems": [{}, {}, {}] }).to_string();
        let body =
            FaultBody::TransactionConflict.build(Service::DynamoDb, "TransactWriteItems", request.as_bytes());
        let body: Value = serde_json::from_slice(&body).unwrap();
        let codes: Vec<_> = body["CancellationReasons"]
            .as_array()
            .unwrap()
            .iter()
            .map(|reason| reason["Code"].as_str().unwrap())
            .collect();
        assert_eq!(codes, ["TransactionConflict", "None", "None"]);
    }
}
