//! The proxy between one instance of a function and one service. Each pair has its own listener, so a call belongs to
//! its instance without any mark in the request.

use std::{io, net::SocketAddr, sync::Arc};

use bytes::Bytes;
use futures::future::BoxFuture;
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode, Uri, header, uri::PathAndQuery};
use http_body_util::{BodyExt, Full};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioIo,
};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpListener,
    task::JoinSet,
    time::Instant,
};

use super::{Call, Decision, Fault, Faults, Service, Tls};
use crate::faults::capacity_units::Units;
use crate::faults::clock_skew::shifted;
use crate::services::iam::{Denied, IamPolicies, needs};
use crate::system::clock;

/// An instance that a fault can kill.
pub(crate) trait Killable: Send + Sync + 'static {
    /// Kills it, and returns once it is gone: it must not see what happens afterwards.
    fn kill(&self) -> BoxFuture<'_, ()>;
}

pub(crate) type HttpClient = Client<HttpConnector, Full<Bytes>>;

/// What a proxy needs to know.
pub(crate) struct Proxy {
    pub(crate) function: Arc<str>,
    pub(crate) instance: u64,
    pub(crate) service: Service,
    pub(crate) upstream: SocketAddr,
    pub(crate) access: IamPolicies,
    pub(crate) faults: Faults,
    pub(crate) client: HttpClient,
    pub(crate) victim: Arc<dyn Killable>,
    pub(crate) tls: Option<Tls>,
}

/// Why a call has no answer. The connection is closed without one, which is what the function then sees.
#[derive(Debug, thiserror::Error)]
enum ProxyError {
    #[error("a fault took the answer")]
    Fault,
    #[error(transparent)]
    Read(#[from] hyper::Error),
    #[error(transparent)]
    Forward(#[from] hyper_util::client::legacy::Error),
    #[error(transparent)]
    Request(#[from] http::Error),
}

impl Proxy {
    /// Begins to listen; the proxy runs until the returned set is dropped.
    pub(crate) async fn listen(self, tasks: &mut JoinSet<()>) -> io::Result<SocketAddr> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        tasks.spawn(Arc::new(self).serve(listener));
        Ok(address)
    }

    async fn serve(self: Arc<Self>, listener: TcpListener) {
        let mut connections = JoinSet::new();
        while let Ok((stream, _)) = listener.accept().await {
            let proxy = Arc::clone(&self);
            // Answers are small and wait for nobody: without this, each would wait for the last acknowledgement.
            let _ = stream.set_nodelay(true);
            connections.spawn(async move {
                match &proxy.tls {
                    None => proxy.answer(stream).await,
                    // A function that does not trust the certificate says so itself.
                    Some(tls) => {
                        if let Ok(stream) = tls.accept(stream).await {
                            proxy.answer(stream).await;
                        }
                    }
                }
            });
            while connections.try_join_next().is_some() {}
        }
    }

    async fn answer(&self, stream: impl AsyncRead + AsyncWrite + Unpin) {
        let handle = service_fn(|request| self.handle(request));
        // A connection that ends in an error is either a fault on purpose or a function that went away.
        let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), handle).await;
    }

    async fn handle(&self, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, ProxyError> {
        let began = Instant::now();
        let (mut parts, body) = request.into_parts();
        let mut body = body.collect().await?.to_bytes();
        let asked: Value = serde_json::from_slice(&body).unwrap_or_default();
        let call = self.call(&parts, &asked);
        for plant in self.faults.mutations_for(&call) {
            body = plant.apply(&mut parts.headers, body);
        }
        let operation = call.operation.clone();
        let access = self.access.check(&self.function, &needs(self.service, &operation, &asked));
        let skew = self.faults.skewed_by(&call);
        let decision = self.faults.decide(call);
        if let Err(denied) = access {
            return Ok(self.refuse(&denied, &decision));
        }
        if skew != 0 {
            let answer = self.carry_out(parts, shifted(body, skew), &operation, &decision).await?;
            return turned_back(answer, skew).await;
        }
        let answer = self.carry_out(parts, body, &operation, &decision).await?;
        self.faults.note(&decision, |call| call.took = Some(began.elapsed()));
        Ok(answer)
    }

    /// Does with the call what was decided.
    async fn carry_out(
        &self,
        parts: http::request::Parts,
        body: Bytes,
        operation: &str,
        decision: &Decision,
    ) -> Result<Response<Full<Bytes>>, ProxyError> {
        if let Some(delay) = decision.delay {
            clock::sleep(delay).await;
        }
        match decision.fault.clone() {
            None => self.forward(parts, body, decision).await,
            Some(Fault::Delay(delay)) => {
                clock::sleep(delay).await;
                self.forward(parts, body, decision).await
            }
            Some(Fault::KillBefore) => {
                self.victim.kill().await;
                Err(ProxyError::Fault)
            }
            Some(Fault::KillAfter) => {
                self.send(parts, body).await?;
                self.victim.kill().await;
                Err(ProxyError::Fault)
            }
            Some(Fault::DropResponse) => {
                self.send(parts, body).await?;
                Err(ProxyError::Fault)
            }
            Some(Fault::Status(status, kind)) => {
                self.faults.note(decision, |call| call.status = Some(status));
                Ok(made_up(status, kind.build(self.service, operation, &body)))
            }
        }
    }

    /// The answer to a call that no policy grants.
    fn refuse(&self, denied: &Denied, decision: &Decision) -> Response<Full<Bytes>> {
        let status = if self.service == Service::DynamoDb { 400 } else { 403 };
        self.faults.note(decision, |call| call.status = Some(status));
        let kind = "com.amazon.coral.service#AccessDeniedException";
        made_up(status, json!({ "__type": kind, "message": denied.to_string() }).to_string().into_bytes())
    }

    async fn forward(
        &self,
        parts: http::request::Parts,
        body: Bytes,
        decision: &Decision,
    ) -> Result<Response<Full<Bytes>>, ProxyError> {
        let response = self.send(parts, body).await?;
        self.faults.note(decision, |call| {
            call.status = Some(response.status().as_u16());
            call.units = Units::consumed(response.body());
        });
        Ok(response.map(Full::new))
    }

    async fn send(
        &self,
        mut parts: http::request::Parts,
        body: Bytes,
    ) -> Result<Response<Bytes>, ProxyError> {
        let path = parts.uri.path_and_query().cloned().unwrap_or_else(|| PathAndQuery::from_static("/"));
        parts.uri = Uri::builder()
            .scheme("http")
            .authority(self.upstream.to_string())
            .path_and_query(path)
            .build()?;
        drop_hop_headers(&mut parts.headers);
        let response = self.client.request(Request::from_parts(parts, Full::new(body))).await?;
        let (mut parts, body) = response.into_parts();
        let body = body.collect().await?.to_bytes();
        drop_hop_headers(&mut parts.headers);
        Ok(Response::from_parts(parts, body))
    }

    fn call(&self, parts: &http::request::Parts, asked: &Value) -> Call {
        let target = parts.headers.get("x-amz-target").and_then(|target| target.to_str().ok());
        let operation = match (self.service, target) {
            (Service::DynamoDb | Service::Sqs, Some(target)) => {
                target.rsplit('.').next().unwrap_or(target).to_owned()
            }
            _ => format!("{} {}", parts.method, parts.uri.path()),
        };
        let target = match self.service {
            Service::Payments | Service::Ses => None,
            Service::DynamoDb | Service::Sqs => target_of(asked),
        };
        Call {
            function: self.function.to_string(),
            instance: self.instance,
            service: self.service,
            operation,
            target,
            at: clock::now(),
            status: None,
            took: None,
            units: None,
            rule_matched: false,
        }
    }
}

/// An answer as a function sees it whose clock is off by so much. DynamoDB's checksum is of the answer as it was.
async fn turned_back(answer: Response<Full<Bytes>>, skew: i64) -> Result<Response<Full<Bytes>>, ProxyError> {
    let (mut parts, body) = answer.into_parts();
    parts.headers.remove("x-amz-crc32");
    let Ok(body) = body.collect().await;
    Ok(Response::from_parts(parts, Full::new(shifted(body.to_bytes(), -skew))))
}

/// An answer that the service did not give.
fn made_up(status: u16, body: Vec<u8>) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(body)));
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let json = HeaderValue::from_static("application/x-amz-json-1.0");
    response.headers_mut().insert(header::CONTENT_TYPE, json);
    response
}

/// Headers that belong to one connection and not to the message, after RFC 9110, section 7.6.1. The length is set
/// anew from the body.
fn drop_hop_headers(headers: &mut HeaderMap) {
    for name in [header::CONNECTION, header::TRANSFER_ENCODING, header::CONTENT_LENGTH, header::TE] {
        headers.remove(name);
    }
    headers.remove("keep-alive");
}

/// The first table, or the queue, that a request names.
fn target_of(body: &Value) -> Option<String> {
    if let Some(url) = body["QueueUrl"].as_str() {
        return url.rsplit('/').next().map(str::to_owned);
    }
    if let Some(name) = body["TableName"].as_str() {
        return Some(name.to_owned());
    }
    if let Some(tables) = body["RequestItems"].as_object() {
        return tables.keys().next().cloned();
    }
    let first = body["TransactItems"].get(0)?.as_object()?.values().next()?;
    first["TableName"].as_str().map(str::to_owned)
}
