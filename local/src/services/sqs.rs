//! Embedded SQS: runs rustack in this process with the template's queues, and serves it over HTTP.
//!
//! rustack keeps messages in memory only. On a clean stop, they are written to a file and restored at the
//! next start; the module `snapshot` describes the limits.

mod handler;
mod snapshot;

use std::{
    collections::HashMap,
    io,
    net::SocketAddr,
    path::Path,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use rustack_sqs_core::{config::SqsConfig, provider::RustackSqs};
use rustack_sqs_http::service::{SqsHttpConfig, SqsHttpService};
use rustack_sqs_model::{
    error::SqsError,
    input::{
        ChangeMessageVisibilityInput, CreateQueueInput, DeleteMessageInput, GetQueueAttributesInput,
        ReceiveMessageInput,
    },
    types::Message,
};
use tokio::{net::TcpListener, sync::watch, task::JoinSet};
use tokio_util::sync::CancellationToken;

use crate::system::arn;
use crate::template::Queue;
use handler::NotifyingHandler;
use snapshot::DelayedMessages;

/// Failure of the embedded SQS.
#[derive(Debug, thiserror::Error)]
pub enum QueueError {
    /// A queue of the template cannot be created.
    #[error("cannot create the queue `{queue}`: {source}")]
    Create {
        /// Name of the queue.
        queue: String,
        /// Cause.
        source: SqsError,
    },
    /// An operation failed.
    #[error("SQS: {0}")]
    Operation(#[from] SqsError),
    /// The saved messages cannot be read or written.
    #[error("cannot save or restore messages in {path}: {source}")]
    Snapshot {
        /// Path of the file.
        path: std::path::PathBuf,
        /// Cause.
        source: io::Error,
    },
}

/// Number of messages in a queue.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Depth {
    /// Messages that can be received.
    pub visible: u64,
    /// Messages that were received and not deleted, including those whose visibility timeout a consumer
    /// changed.
    pub in_flight: u64,
    /// Messages sent with a delay that has not ended.
    pub delayed: u64,
}

impl Depth {
    /// Total number of messages.
    #[must_use]
    pub fn total(self) -> u64 {
        self.visible + self.in_flight + self.delayed
    }
}

/// Embedded SQS. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Queues {
    provider: Arc<RustackSqs>,
    address: SocketAddr,
    names: Arc<[String]>,
    changes: Arc<watch::Sender<u64>>,
    delayed: Arc<Mutex<DelayedMessages>>,
    max_delay: Option<Duration>,
    /// Receipt handles of received messages that are not deleted, by queue.
    receipts: Arc<Mutex<HashMap<String, Vec<String>>>>,
    /// Failed deliveries that are not being processed any more.
    failed: Arc<Mutex<Vec<FailedDelivery>>>,
}

/// Failed delivery of a message.
#[derive(Clone, Debug)]
pub(crate) struct FailedDelivery {
    /// Name of the queue.
    pub(crate) queue: String,
    /// Receipt handle of the delivery.
    pub(crate) receipt: String,
    /// True if the function reported the failure, false if the whole invocation failed.
    pub(crate) reported: bool,
}

impl Queues {
    /// Creates the queues. To speed up tests, `visibility` overrides the visibility timeouts of the template,
    /// and `max_delay` limits the delays of messages.
    pub(crate) async fn create(
        queues: &[Queue],
        address: SocketAddr,
        visibility: Option<Duration>,
        max_delay: Option<Duration>,
    ) -> Result<Self, QueueError> {
        let config = SqsConfig {
            skip_signature_validation: true,
            default_region: arn::REGION.to_owned(),
            account_id: arn::ACCOUNT.to_owned(),
            host: address.ip().to_string(),
            port: address.port(),
        };
        let provider = Arc::new(RustackSqs::new(config));
        for queue in queues {
            let mut attributes: HashMap<_, _> = queue.attributes.clone().into_iter().collect();
            if let Some(visibility) = visibility {
                attributes.insert("VisibilityTimeout".to_owned(), visibility.as_secs().to_string());
            }
            if let Some(redrive) = &queue.redrive {
                let policy = serde_json::json!({
                    "deadLetterTargetArn": redrive.target_arn,
                    "maxReceiveCount": redrive.max_receive_count,
                });
                attributes.insert("RedrivePolicy".to_owned(), policy.to_string());
            }
            let input = CreateQueueInput { queue_name: queue.name.clone(), attributes, tags: HashMap::new() };
            let created = provider.create_queue(input).await;
            created.map_err(|source| QueueError::Create { queue: queue.name.clone(), source })?;
        }
        Ok(Self {
            provider,
            address,
            names: queues.iter().map(|queue| queue.name.clone()).collect(),
            changes: Arc::new(watch::Sender::new(0)),
            delayed: Arc::default(),
            max_delay,
            receipts: Arc::default(),
            failed: Arc::default(),
        })
    }

    /// Serves the queues until the stack stops.
    pub(crate) fn serve(&self, listener: TcpListener, stop: &CancellationToken, tasks: &mut JoinSet<()>) {
        let handler = NotifyingHandler::new(
            Arc::clone(&self.provider),
            Arc::clone(&self.changes),
            Arc::clone(&self.delayed),
            self.max_delay,
        );
        let config = SqsHttpConfig {
            skip_signature_validation: true,
            region: arn::REGION.to_owned(),
            credential_provider: None,
        };
        let service = SqsHttpService::new(Arc::new(handler), config);
        let stop = stop.clone();
        tasks.spawn(async move {
            let mut connections = JoinSet::new();
            loop {
                let stream = tokio::select! {
                    accepted = listener.accept() => match accepted {
                        Ok((stream, _)) => stream,
                        Err(_) => continue,
                    },
                    () = stop.cancelled() => return,
                };
                let service = service.clone();
                let _ = stream.set_nodelay(true);
                connections.spawn(async move {
                    // Errors of a connection concern its client only.
                    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
                });
                while connections.try_join_next().is_some() {}
            }
        });
    }

    /// URL of a queue.
    pub(crate) fn url(&self, name: &str) -> String {
        format!("http://{}/{}/{name}", self.address, arn::ACCOUNT)
    }

    /// Receiver that is notified whenever a message may have become visible.
    pub(crate) fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    /// Receives up to ten visible messages with all their attributes.
    pub(crate) async fn receive(&self, name: &str, maximum: usize) -> Result<Vec<Message>, SqsError> {
        let input = ReceiveMessageInput {
            queue_url: self.url(name),
            max_number_of_messages: i32::try_from(maximum.clamp(1, 10)).ok(),
            wait_time_seconds: Some(0),
            attribute_names: vec!["All".to_owned()],
            message_attribute_names: vec!["All".to_owned()],
            ..ReceiveMessageInput::default()
        };
        let messages = self.provider.receive_message(input).await?.messages;
        let mut receipts = self.receipts.lock().unwrap_or_else(PoisonError::into_inner);
        let handles = receipts.entry(name.to_owned()).or_default();
        handles.extend(messages.iter().filter_map(|message| message.receipt_handle.clone()));
        Ok(messages)
    }

    /// Deletes a message.
    pub(crate) async fn delete(&self, name: &str, receipt: &str) -> Result<(), SqsError> {
        self.forget_receipt(name, receipt);
        let input = DeleteMessageInput { queue_url: self.url(name), receipt_handle: receipt.to_owned() };
        self.provider.delete_message(input).await.map(|_| ())
    }

    /// Makes every message that was received and not deleted visible at once, as if its visibility timeout
    /// had expired. Returns their number.
    pub(crate) async fn redeliver(&self) -> usize {
        let receipts = std::mem::take(&mut *self.receipts.lock().unwrap_or_else(PoisonError::into_inner));
        let mut count = 0;
        for (name, receipts) in receipts {
            for receipt_handle in receipts {
                let queue_url = self.url(&name);
                let input = ChangeMessageVisibilityInput { queue_url, receipt_handle, visibility_timeout: 0 };
                // Fails if the message has become visible already.
                count += usize::from(self.provider.change_message_visibility(input).await.is_ok());
            }
        }
        self.changes.send_modify(|version| *version += 1);
        count
    }

    /// Records failed deliveries.
    pub(crate) fn fail(&self, failed: impl IntoIterator<Item = FailedDelivery>) {
        self.failed.lock().unwrap_or_else(PoisonError::into_inner).extend(failed);
    }

    /// Makes the messages of the selected failed deliveries visible at once, as if their visibility timeout
    /// had expired. Messages that are being processed stay in flight. Returns the number of messages.
    pub(crate) async fn redeliver_failed(&self, is_selected: impl Fn(&FailedDelivery) -> bool) -> usize {
        let mut failed = std::mem::take(&mut *self.failed.lock().unwrap_or_else(PoisonError::into_inner));
        let redelivered: Vec<_> = failed.extract_if(.., |delivery| is_selected(delivery)).collect();
        self.fail(failed);
        let mut count = 0;
        for FailedDelivery { queue, receipt, .. } in redelivered {
            self.forget_receipt(&queue, &receipt);
            let input = ChangeMessageVisibilityInput {
                queue_url: self.url(&queue),
                receipt_handle: receipt,
                visibility_timeout: 0,
            };
            // Fails if the message has become visible already.
            count += usize::from(self.provider.change_message_visibility(input).await.is_ok());
        }
        self.changes.send_modify(|version| *version += 1);
        count
    }

    /// Number of messages in a queue.
    pub(crate) async fn depth(&self, name: &str) -> Result<Depth, SqsError> {
        let input =
            GetQueueAttributesInput { queue_url: self.url(name), attribute_names: vec!["All".to_owned()] };
        let attributes = self.provider.get_queue_attributes(input).await?.attributes;
        let count = |suffix: &str| {
            let value = attributes.get(&format!("ApproximateNumberOfMessages{suffix}"));
            value.and_then(|value| value.parse().ok()).unwrap_or(0)
        };
        Ok(Depth { visible: count(""), in_flight: count("NotVisible"), delayed: count("Delayed") })
    }

    /// Number of messages of every queue, by name.
    pub(crate) async fn depths(&self) -> Result<HashMap<String, Depth>, SqsError> {
        let mut depths = HashMap::new();
        for name in self.names.iter() {
            depths.insert(name.clone(), self.depth(name).await?);
        }
        Ok(depths)
    }

    /// Saves the remaining messages to a file. All consumers must have stopped.
    pub(crate) async fn save(&self, path: &Path) -> Result<usize, QueueError> {
        self.redeliver().await;
        let delayed = std::mem::take(&mut *self.delayed.lock().unwrap_or_else(PoisonError::into_inner));
        snapshot::save(self, delayed, path).await
    }

    /// Restores the messages that [`Queues::save`] wrote.
    pub(crate) async fn restore(&self, path: &Path) -> Result<usize, QueueError> {
        snapshot::restore(self, path).await
    }

    fn forget_receipt(&self, name: &str, receipt: &str) {
        let mut receipts = self.receipts.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(handles) = receipts.get_mut(name) {
            handles.retain(|handle| handle != receipt);
        }
    }
}
