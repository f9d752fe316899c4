//! Simulated network: every call waits here until the scheduler decides its fault.
//!
//! A call whose caller no longer waits (it timed out or crashed) stays pending. It may arrive late or never,
//! but not later than [`MAX_CALL_AGE`].

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use bytes::Bytes;
use http::Request;
use serde_json::Value;
use shared::kit::resilience::http_client::{CallError, ServiceRequest, ServiceResponse, Transport};
use shared::kit::system::clock::{Clock, Timestamp};

use crate::virtual_clock::VirtualClock;

/// Maximum time between sending and arrival of a call.
pub const MAX_CALL_AGE: Duration = Duration::from_mins(5);

/// Called service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Service {
    /// The table.
    Table,
    /// The queues.
    Queues,
    /// The payment gateway.
    Gateway,
    /// The mail service.
    Mail,
    /// The model that embeds texts.
    Model,
}

/// Result of a call.
pub type SimResult = Result<SimResponse, NetworkError>;

/// Response of a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SimResponse {
    /// Status code.
    pub status: u16,
    /// Body.
    pub body: Bytes,
    /// True if the response is replayed for an idempotency key.
    pub replayed: bool,
    /// Name of the error of an AWS service, if it is not in the body.
    pub error_name: Option<String>,
}

impl From<(u16, Bytes)> for SimResponse {
    fn from((status, body): (u16, Bytes)) -> Self {
        Self { status, body, replayed: false, error_name: None }
    }
}

/// Failure without a response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NetworkError {
    /// The connection failed; the call was not sent.
    NotSent,
    /// The connection ended before the response.
    Disconnected,
}

/// A pending call.
#[derive(Debug)]
pub struct Pending {
    /// Task of the caller.
    pub by: u64,
    /// Called service.
    pub service: Service,
    /// Request.
    pub request: Request<Bytes>,
    /// Time of sending.
    pub at: Timestamp,
    /// True if the caller waits for the response.
    pub awaited: bool,
    /// Items that a batch read has already read.
    pub read_items: Vec<Value>,
    response: Option<SimResult>,
    waker: Option<Waker>,
}

impl Pending {
    /// Operation of an AWS service; empty for the gateway.
    #[must_use]
    pub fn operation(&self) -> &str {
        let target = self.request.headers().get("x-amz-target").and_then(|target| target.to_str().ok());
        target.and_then(|target| target.rsplit('.').next()).unwrap_or_default()
    }
}

/// All pending calls.
#[derive(Debug, Clone)]
pub struct Network {
    calls: Arc<Mutex<Calls>>,
    clock: VirtualClock,
}

#[derive(Debug, Default)]
struct Calls {
    next: u64,
    /// Running task.
    current: u64,
    pending: BTreeMap<u64, Pending>,
}

impl Network {
    /// Creates a network without calls.
    #[must_use]
    pub fn at(clock: &VirtualClock) -> Self {
        Self { calls: Arc::default(), clock: clock.clone() }
    }

    /// Sets the task to which new calls belong.
    pub fn set_current_task(&self, task: u64) {
        self.lock().current = task;
    }

    /// Calls without a response: number, task, and true if the caller waits. Removes abandoned calls that are
    /// too old.
    #[must_use]
    pub fn open(&self) -> Vec<(u64, u64, bool)> {
        let mut calls = self.lock();
        let now = Clock::now(&self.clock);
        calls.pending.retain(|_, call| call.awaited || now.duration_since(call.at) < MAX_CALL_AGE);
        let open = calls.pending.iter().filter(|(_, call)| call.response.is_none());
        open.map(|(number, call)| (*number, call.by, call.awaited)).collect()
    }

    /// Service, operation and request of a call.
    #[must_use]
    pub fn request(&self, number: u64) -> Option<(Service, String, Request<Bytes>)> {
        let calls = self.lock();
        let call = calls.pending.get(&number)?;
        Some((call.service, call.operation().to_owned(), call.request.clone()))
    }

    /// Records the items of a partial batch read; the call continues with the rest.
    pub fn record_read(&self, number: u64, read_items: Vec<Value>, rest: Bytes) {
        if let Some(call) = self.lock().pending.get_mut(&number) {
            call.read_items.extend(read_items);
            *call.request.body_mut() = rest;
        }
    }

    /// Items that a batch read has already read.
    #[must_use]
    pub fn read_items(&self, number: u64) -> Vec<Value> {
        self.lock().pending.get(&number).map_or_else(Vec::new, |call| call.read_items.clone())
    }

    /// Delivers a response. It is lost if the caller no longer waits.
    pub fn respond(&self, number: u64, result: SimResult) {
        let mut calls = self.lock();
        let Some(call) = calls.pending.get_mut(&number) else { return };
        if !call.awaited {
            calls.pending.remove(&number);
            return;
        }
        call.response = Some(result);
        let waker = call.waker.take();
        drop(calls);
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// Drops a call that never arrives.
    pub fn forget(&self, number: u64) {
        self.lock().pending.remove(&number);
    }

    fn send_call(&self, service: Service, request: Request<Bytes>) -> PendingResponse {
        let mut calls = self.lock();
        let (number, by) = (calls.next, calls.current);
        calls.next += 1;
        let at = Clock::now(&self.clock);
        let call = Pending {
            by,
            service,
            request,
            at,
            awaited: true,
            read_items: Vec::new(),
            response: None,
            waker: None,
        };
        calls.pending.insert(number, call);
        drop(calls);
        PendingResponse { network: self.clone(), number }
    }

    fn lock(&self) -> MutexGuard<'_, Calls> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Future of a response.
struct PendingResponse {
    network: Network,
    number: u64,
}

impl Future for PendingResponse {
    type Output = SimResult;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<SimResult> {
        let mut calls = self.network.lock();
        let Some(call) = calls.pending.get_mut(&self.number) else {
            return Poll::Ready(Err(NetworkError::Disconnected));
        };
        if let Some(result) = call.response.take() {
            calls.pending.remove(&self.number);
            return Poll::Ready(result);
        }
        call.waker = Some(context.waker().clone());
        Poll::Pending
    }
}

impl Drop for PendingResponse {
    fn drop(&mut self) {
        let mut calls = self.network.lock();
        if let Some(call) = calls.pending.get_mut(&self.number) {
            if call.response.is_some() {
                calls.pending.remove(&self.number);
            } else {
                call.awaited = false;
            }
        }
    }
}

/// HTTP client of an AWS SDK client.
#[derive(Debug, Clone)]
pub struct SimHttpClient(pub Network, pub Service);

impl HttpClient for SimHttpClient {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for SimHttpClient {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let (network, service) = (self.0.clone(), self.1);
        HttpConnectorFuture::new(async move {
            let body = Bytes::copy_from_slice(request.body().bytes().unwrap_or_default());
            let target = request.headers().get("x-amz-target").unwrap_or_default().to_owned();
            let sent = Request::post(request.uri()).header("x-amz-target", target).body(body);
            let sent = sent.map_err(|error| ConnectorError::user(error.into()))?;
            match network.send_call(service, sent).await {
                Ok(SimResponse { status, body, error_name, .. }) => {
                    let status = status.try_into().map_err(|error| ConnectorError::user(Box::new(error)))?;
                    let mut response = HttpResponse::new(status, SdkBody::from(body));
                    response.headers_mut().insert("content-type", "application/x-amz-json-1.0");
                    if let Some(name) = error_name {
                        response.headers_mut().insert("x-amzn-errortype", name);
                    }
                    Ok(response)
                }
                Err(error) => Err(ConnectorError::io(format!("{error:?}").into())),
            }
        })
    }
}

/// HTTP client of the payment gateway.
#[derive(Debug, Clone)]
pub struct SimGateway {
    /// Network of the calls.
    pub network: Network,
    /// Secret key of the gateway.
    pub secret: &'static str,
}

impl Transport for SimGateway {
    async fn send(&self, call: &ServiceRequest<'_>) -> Result<ServiceResponse, CallError> {
        let mut request = Request::builder()
            .method(call.method.clone())
            .uri(&call.path)
            .header("authorization", format!("Bearer {}", self.secret));
        if let Some(key) = &call.idempotency_key {
            request = request.header("idempotency-key", key);
        }
        let form: Vec<String> = call.form.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let request = request.body(Bytes::from(form.join("&"))).map_err(|_| CallError::ConnectFailed)?;
        match self.network.send_call(Service::Gateway, request).await {
            Ok(SimResponse { status, body, replayed, .. }) => Ok(ServiceResponse {
                replayed,
                status: http::StatusCode::from_u16(status).map_err(|_| CallError::Disconnected)?,
                retry_after: None,
                body: serde_json::from_slice(&body).unwrap_or_default(),
            }),
            Err(NetworkError::NotSent) => Err(CallError::ConnectFailed),
            Err(NetworkError::Disconnected) => Err(CallError::Disconnected),
        }
    }
}
