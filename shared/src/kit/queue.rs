//! Consumers of SQS queues, and the relay that publishes outbox events to them.

pub mod consumer;
pub mod relay;
