//! What the client's errors mean.

use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};

use crate::kit::command::StoreError;

/// The meaning of a client's error. Never carries an item: a failed condition may bring one along.
pub(super) fn store_error<E: ProvideErrorMetadata, R>(error: &SdkError<E, R>) -> StoreError {
    match error {
        SdkError::TimeoutError(_) => StoreError::Unavailable("time-out"),
        SdkError::DispatchFailure(_) => StoreError::Unavailable("no connection"),
        SdkError::ResponseError(_) => StoreError::Unavailable("no readable answer"),
        SdkError::ServiceError(service) => service_error(service.err()),
        _ => StoreError::Rejected("the request could not be built".to_owned()),
    }
}

fn service_error(error: &impl ProvideErrorMetadata) -> StoreError {
    match error.code().unwrap_or("unknown") {
        "ProvisionedThroughputExceededException" | "ThrottlingException" | "RequestLimitExceeded" => {
            StoreError::Throttled
        }
        "InternalServerError" | "ServiceUnavailable" => StoreError::Unavailable("server error"),
        code => StoreError::Rejected(code.to_owned()),
    }
}
