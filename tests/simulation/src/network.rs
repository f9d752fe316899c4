//! Between the code under test and what it calls: every call waits here until the scheduler decides what becomes of it.
//!
//! A call that nobody waits for any more (its caller gave up, or crashed) is still on its way: it may arrive late, or never;
//! but nothing is on its way for longer than [`LATEST`].

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

/// No call arrives later than so long after it was sent.
pub const LATEST: Duration = Duration::from_mins(5);

/// Who is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Service {
    /// The table.
    Table,
    /// The queues.
    Queues,
    /// The payment gateway.
    Gateway,
}

/// What the caller gets.
pub type Reply = Result<Served, Broken>;

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Served {
    /// The status.
    pub status: u16,
    /// The body.
    pub body: Bytes,
    /// Whether it was given before under the same idempotency key.
    pub replayed: bool,
}

impl From<(u16, Bytes)> for Served {
    fn from((status, body): (u16, Bytes)) -> Self {
        Self { status, body, replayed: false }
    }
}

/// No answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Broken {
    /// There was no connection; nobody was asked.
    NotSent,
    /// The connection ended before the answer came.
    CutOff,
}

/// A call on its way.
#[derive(Debug)]
pub struct Pending {
    /// The task that made it.
    pub by: u64,
    /// Whom it is for.
    pub service: Service,
    /// What it says.
    pub request: Request<Bytes>,
    /// When it was sent.
    pub at: Timestamp,
    /// Whether somebody still waits for the answer.
    pub awaited: bool,
    /// What the answer will begin with: what a batch read has read already.
    pub seen: Vec<Value>,
    answer: Option<Reply>,
    waker: Option<Waker>,
}

impl Pending {
    /// The operation of a service of AWS.
    #[must_use]
    pub fn operation(&self) -> &str {
        let target = self.request.headers().get("x-amz-target").and_then(|target| target.to_str().ok());
        target.and_then(|target| target.rsplit('.').next()).unwrap_or_default()
    }
}

/// All calls on their way.
#[derive(Debug, Clone)]
pub struct Network {
    calls: Arc<Mutex<Calls>>,
    clock: VirtualClock,
}

#[derive(Debug, Default)]
struct Calls {
    next: u64,
    /// The task that runs now.
    current: u64,
    pending: BTreeMap<u64, Pending>,
}

impl Network {
    /// A network without calls.
    #[must_use]
    pub fn at(clock: &VirtualClock) -> Self {
        Self { calls: Arc::default(), clock: clock.clone() }
    }

    /// Whatever is called from now on, `task` calls.
    pub fn runs(&self, task: u64) {
        self.lock().current = task;
    }

    /// The calls that have no answer yet and may still get one: the number of each, its task, and whether somebody still waits.
    #[must_use]
    pub fn open(&self) -> Vec<(u64, u64, bool)> {
        let mut calls = self.lock();
        let now = Clock::now(&self.clock);
        calls.pending.retain(|_, call| call.awaited || now.duration_since(call.at) < LATEST);
        let open = calls.pending.iter().filter(|(_, call)| call.answer.is_none());
        open.map(|(number, call)| (*number, call.by, call.awaited)).collect()
    }

    /// What a call is.
    #[must_use]
    pub fn request(&self, number: u64) -> Option<(Service, String, Request<Bytes>)> {
        let calls = self.lock();
        let call = calls.pending.get(&number)?;
        Some((call.service, call.operation().to_owned(), call.request.clone()))
    }

    /// A part of what a batch reads is read: the rest is asked for when the call is looked at again.
    pub fn has_seen(&self, number: u64, seen: Vec<Value>, rest: Bytes) {
        if let Some(call) = self.lock().pending.get_mut(&number) {
            call.seen.extend(seen);
            *call.request.body_mut() = rest;
        }
    }

    /// What a batch read has read before.
    #[must_use]
    pub fn seen(&self, number: u64) -> Vec<Value> {
        self.lock().pending.get(&number).map_or_else(Vec::new, |call| call.seen.clone())
    }

    /// Brings the answer; where nobody waits for it, it is lost.
    pub fn answer(&self, number: u64, reply: Reply) {
        let mut calls = self.lock();
        let Some(call) = calls.pending.get_mut(&number) else { return };
        if !call.awaited {
            calls.pending.remove(&number);
            return;
        }
        call.answer = Some(reply);
        let waker = call.waker.take();
        drop(calls);
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// The call never arrives.
    pub fn forget(&self, number: u64) {
        self.lock().pending.remove(&number);
    }

    fn ask(&self, service: Service, request: Request<Bytes>) -> Asked {
        let mut calls = self.lock();
        let (number, by) = (calls.next, calls.current);
        calls.next += 1;
        let at = Clock::now(&self.clock);
        let call =
            Pending { by, service, request, at, awaited: true, seen: Vec::new(), answer: None, waker: None };
        calls.pending.insert(number, call);
        drop(calls);
        Asked { network: self.clone(), number }
    }

    fn lock(&self) -> MutexGuard<'_, Calls> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Somebody who waits for an answer.
struct Asked {
    network: Network,
    number: u64,
}

impl Future for Asked {
    type Output = Reply;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Reply> {
        let mut calls = self.network.lock();
        let Some(call) = calls.pending.get_mut(&self.number) else {
            return Poll::Ready(Err(Broken::CutOff));
        };
        if let Some(reply) = call.answer.take() {
            calls.pending.remove(&self.number);
            return Poll::Ready(reply);
        }
        call.waker = Some(context.waker().clone());
        Poll::Pending
    }
}

impl Drop for Asked {
    fn drop(&mut self) {
        let mut calls = self.network.lock();
        if let Some(call) = calls.pending.get_mut(&self.number) {
            if call.answer.is_some() {
                calls.pending.remove(&self.number);
            } else {
                call.awaited = false;
            }
        }
    }
}

/// The way from a client of AWS to its service.
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
            let sent = Request::post("/").header("x-amz-target", target).body(body);
            let sent = sent.map_err(|error| ConnectorError::user(error.into()))?;
            match network.ask(service, sent).await {
                Ok(Served { status, body, .. }) => {
                    let status = status.try_into().map_err(|error| ConnectorError::user(Box::new(error)))?;
                    let mut response = HttpResponse::new(status, SdkBody::from(body));
                    response.headers_mut().insert("content-type", "application/x-amz-json-1.0");
                    Ok(response)
                }
                Err(broken) => Err(ConnectorError::io(format!("{broken:?}").into())),
            }
        })
    }
}

/// The way to the payment gateway.
#[derive(Debug, Clone)]
pub struct GatewayLine {
    /// Where calls wait.
    pub network: Network,
    /// What the gateway knows us by.
    pub secret: &'static str,
}

impl Transport for GatewayLine {
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
        match self.network.ask(Service::Gateway, request).await {
            Ok(Served { status, body, replayed }) => Ok(ServiceResponse {
                replayed,
                status: http::StatusCode::from_u16(status).map_err(|_| CallError::Disconnected)?,
                retry_after: None,
                body: serde_json::from_slice(&body).unwrap_or_default(),
            }),
            Err(Broken::NotSent) => Err(CallError::ConnectFailed),
            Err(Broken::CutOff) => Err(CallError::Disconnected),
        }
    }
}
