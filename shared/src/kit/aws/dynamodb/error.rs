//! Mapping of SDK errors to [`StoreError`].

use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};

use crate::kit::command::StoreError;

/// Maps an SDK error. The result never contains an item, although a failed condition may return one.
pub(super) fn store_error<E: ProvideErrorMetadata, R>(error: &SdkError<E, R>) -> StoreError {
    match error {
        SdkError::TimeoutError(_) => StoreError::Unavailable("timeout"),
        SdkError::DispatchFailure(_) => StoreError::Unavailable("no connection"),
        SdkError::ResponseError(_) => StoreError::Unavailable("unreadable response"),
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
