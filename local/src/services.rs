//! Emulated AWS services.

pub mod api_gateway;
pub mod bedrock;
pub mod dynamodb;
pub mod event_sources;
pub mod iam;
pub mod lambda;
pub mod ses;
pub mod sqs;
pub mod token_bucket;
