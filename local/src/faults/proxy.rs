//! Proxy between one instance of a function and one service. Each pair has its own listener, so that a call
//! is attributed to its instance without any mark in the request.

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
use crate::faults::capacity_units::CapacityUnits;
use crate::faults::clock_skew::shifted;
use crate::services::iam::{Denied, IamPolicies, actions_for};
use crate::system::clock;

/// Instance that a fault can kill.
pub(crate) trait Killable: Send + Sync + 'static {
    /// Kills the instance and returns once its process has ended, so that it cannot observe later events.
    fn kill(&self) -> BoxFuture<'_, ()>;
}

pub(crate) type HttpClient = Client<HttpConnector, Full<Bytes>>;

/// Configuration of a proxy.
pub(crate) struct Proxy {
    pub(crate) function: Arc<str>,
    pub(crate) instance: u64,
    pub(crate) service: Service,
    pub(crate) upstream: SocketAddr,
    pub(crate) policies: IamPolicies,
    pub(crate) faults: Faults,
    pub(crate) client: HttpClient,
    pub(crate) killable: Arc<dyn Killable>,
    pub(crate) tls: Option<Tls>,
}

/// Reason why a call gets no response. The connection is closed, which is what the function sees.
#[derive(Debug, thiserror::Error)]
enum ProxyError {
    #[error("the response was dropped by a fault rule")]
    Fault,
    #[error(transparent)]
    Read(#[from] hyper::Error),
    #[error(transparent)]
    Forward(#[from] hyper_util::client::legacy::Error),
    #[error(transparent)]
    Request(#[from] http::Error),
}

impl Proxy {
    /// Binds a port and serves it in a task of `tasks`. The proxy stops when the set is dropped.
    pub(crate) async fn listen(self, tasks: &mut JoinSet<()>) -> io::Result<SocketAddr> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        tasks.spawn(Arc::new(self).serve(listener));
        Ok(address)
    }

    async fn serve(self: Arc<Self>, listener: TcpListener) {
        let mut connections = JoinSet::new();
        let mut connection = 0;
        while let Ok((stream, _)) = listener.accept().await {
            let proxy = Arc::clone(&self);
            connection += 1;
            // Responses are small. Without `TCP_NODELAY`, each would wait for the acknowledgement of the
            // previous one.
            let _ = stream.set_nodelay(true);
            connections.spawn(async move {
                match &proxy.tls {
                    None => proxy.serve_stream(stream, connection).await,
                    // A function that does not trust the certificate reports that itself.
                    Some(tls) => {
                        if let Ok(stream) = tls.accept(stream).await {
                            proxy.serve_stream(stream, connection).await;
                        }
                    }
                }
            });
            while connections.try_join_next().is_some() {}
        }
    }

    async fn serve_stream(&self, stream: impl AsyncRead + AsyncWrite + Unpin, connection: u64) {
        let handle = service_fn(|request| self.handle(request, connection));
        // A connection ends in an error after an injected fault, or because the function closed it.
        let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), handle).await;
    }

    async fn handle(
        &self,
        request: Request<Incoming>,
        connection: u64,
    ) -> Result<Response<Full<Bytes>>, ProxyError> {
        let started_at = Instant::now();
        let (mut parts, body) = request.into_parts();
        let mut body = body.collect().await?.to_bytes();
        let request_body: Value = serde_json::from_slice(&body).unwrap_or_default();
        let call = self.call(&parts, &request_body, connection);
        for mutation in self.faults.mutations_for(&call) {
            body = mutation.apply(&mut parts.headers, body);
        }
        let operation = call.operation.clone();
        let allowed =
            self.policies.check(&self.function, &actions_for(self.service, &operation, &request_body));
        let skew = self.faults.clock_skew_of(&call);
        let decision = self.faults.decide(call);
        if let Err(denied) = allowed {
            return Ok(self.refuse(&denied, &decision));
        }
        let _transaction = if operation == "TransactWriteItems" {
            match self.faults.begin_transaction(&body) {
                Ok(transaction) => transaction,
                Err(conflict) => {
                    self.faults.update_call(&decision, |call| call.status = Some(400));
                    return Ok(fault_response(400, conflict));
                }
            }
        } else {
            None
        };
        if skew != 0 {
            let response = self.execute(parts, shifted(body, skew), &operation, &decision).await?;
            return unshift_times(response, skew).await;
        }
        let response = self.execute(parts, body, &operation, &decision).await?;
        self.faults.update_call(&decision, |call| call.took = Some(started_at.elapsed()));
        Ok(response)
    }

    /// Executes the decision for a call.
    async fn execute(
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
            // Waits until the function closes the connection.
            Some(Fault::Vanish) => std::future::pending().await,
            Some(Fault::KillBefore) => {
                self.killable.kill().await;
                Err(ProxyError::Fault)
            }
            Some(Fault::KillAfter) => {
                self.send(parts, body).await?;
                self.killable.kill().await;
                Err(ProxyError::Fault)
            }
            Some(Fault::DropResponse) => {
                self.send(parts, body).await?;
                Err(ProxyError::Fault)
            }
            Some(Fault::Status(status, kind)) => {
                self.faults.update_call(decision, |call| call.status = Some(status));
                Ok(fault_response(status, kind.build(self.service, operation, &body)))
            }
        }
    }

    /// Response to a call that no IAM policy allows.
    fn refuse(&self, denied: &Denied, decision: &Decision) -> Response<Full<Bytes>> {
        let status = if self.service == Service::DynamoDb { 400 } else { 403 };
        self.faults.update_call(decision, |call| call.status = Some(status));
        let kind = "com.amazon.coral.service#AccessDeniedException";
        fault_response(
            status,
            json!({ "__type": kind, "message": denied.to_string() }).to_string().into_bytes(),
        )
    }

    async fn forward(
        &self,
        parts: http::request::Parts,
        body: Bytes,
        decision: &Decision,
    ) -> Result<Response<Full<Bytes>>, ProxyError> {
        let response = self.send(parts, body).await?;
        self.faults.update_call(decision, |call| {
            call.status = Some(response.status().as_u16());
            call.units = CapacityUnits::consumed(response.body());
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

    fn call(&self, parts: &http::request::Parts, request_body: &Value, connection: u64) -> Call {
        let target = parts.headers.get("x-amz-target").and_then(|target| target.to_str().ok());
        let operation = match (self.service, target) {
            (Service::DynamoDb | Service::Sqs, Some(target)) => {
                target.rsplit('.').next().unwrap_or(target).to_owned()
            }
            _ => format!("{} {}", parts.method, parts.uri.path()),
        };
        let target = match self.service {
            Service::Payments | Service::Ses | Service::Bedrock => None,
            Service::DynamoDb | Service::Sqs => target_of(request_body),
        };
        Call {
            function: self.function.to_string(),
            instance: self.instance,
            service: self.service,
            operation,
            target,
            partition: request_body["Key"]["pk"]["S"].as_str().map(str::to_owned),
            at: clock::now(),
            status: None,
            took: None,
            units: None,
            connection,
            rule_matched: false,
        }
    }
}

/// Shifts the timestamps of a response back for a function with a skewed clock. DynamoDB's checksum covers
/// the original body and is removed.
async fn unshift_times(
    response: Response<Full<Bytes>>,
    skew: i64,
) -> Result<Response<Full<Bytes>>, ProxyError> {
    let (mut parts, body) = response.into_parts();
    parts.headers.remove("x-amz-crc32");
    let Ok(body) = body.collect().await;
    Ok(Response::from_parts(parts, Full::new(shifted(body.to_bytes(), -skew))))
}

/// Response with an injected status and body.
fn fault_response(status: u16, body: Vec<u8>) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(body)));
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let json = HeaderValue::from_static("application/x-amz-json-1.0");
    response.headers_mut().insert(header::CONTENT_TYPE, json);
    response
}

/// Removes hop-by-hop headers (RFC 9110, section 7.6.1) and `Content-Length`, which is recomputed from the
/// body.
fn drop_hop_headers(headers: &mut HeaderMap) {
    for name in [header::CONNECTION, header::TRANSFER_ENCODING, header::CONTENT_LENGTH, header::TE] {
        headers.remove(name);
    }
    headers.remove("keep-alive");
}

/// First table, or the queue, that a request names.
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
