//! HTTP API: emulates an HTTP API of Amazon API Gateway between a client and a function.

pub mod cors;
pub mod event;
pub mod response;
pub mod route;

use std::{
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::{ConnectInfo, Request, State},
    response::Response,
};
use http::{HeaderValue, StatusCode};
use tokio::{net::TcpListener, task::JoinSet};
use tokio_util::sync::CancellationToken;

use crate::services::lambda::{FunctionHost, Invocation, InvokeError};
use crate::services::token_bucket::TokenBucket;
use crate::system::{aws_ids, clock};
use crate::template::{Cors, Deployment};
use event::{Context, Incoming};
use route::RouteTable;

/// Maximum size of a payload ("Quotas for configuring and running an HTTP API").
const BODY_LIMIT: usize = 10 * 1024 * 1024;

/// Maximum duration of an integration (same quotas).
const INTEGRATION_LIMIT: Duration = Duration::from_secs(30);

struct Gateway {
    routes: RouteTable,
    cors: Option<Cors>,
    throttle: Option<TokenBucket>,
    host: Arc<dyn FunctionHost>,
}

/// Serves the deployment's routes until the stack stops.
pub(crate) fn serve(
    listener: TcpListener,
    deployment: &Deployment,
    host: Arc<dyn FunctionHost>,
    shutdown: &CancellationToken,
    tasks: &mut JoinSet<()>,
) {
    let routes = RouteTable::new(deployment.routes());
    let throttle = deployment.throttle.map(|throttle| TokenBucket::new(throttle, Instant::now()));
    let gateway = Arc::new(Gateway { routes, cors: deployment.cors.clone(), throttle, host });
    let app = Router::new().fallback(handle).with_state(gateway);
    let service = app.into_make_service_with_connect_info::<PeerAddress>();
    let shutdown = shutdown.clone();
    tasks.spawn(async move {
        shutdown.run_until_cancelled(axum::serve(NoDelay(listener), service).into_future()).await;
    });
}

/// Listener that sets `TCP_NODELAY`, so that small responses are sent at once.
struct NoDelay(TcpListener);

impl axum::serve::Listener for NoDelay {
    type Io = tokio::net::TcpStream;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        let (stream, address) = axum::serve::Listener::accept(&mut self.0).await;
        let _ = stream.set_nodelay(true);
        (stream, address)
    }

    fn local_addr(&self) -> std::io::Result<SocketAddr> {
        self.0.local_addr()
    }
}

impl axum::extract::connect_info::Connected<axum::serve::IncomingStream<'_, NoDelay>> for PeerAddress {
    fn connect_info(stream: axum::serve::IncomingStream<'_, NoDelay>) -> Self {
        Self(*stream.remote_addr())
    }
}

/// Peer address of a request.
#[derive(Clone, Copy, Debug)]
struct PeerAddress(SocketAddr);

async fn handle(
    State(gateway): State<Arc<Gateway>>,
    ConnectInfo(PeerAddress(peer)): ConnectInfo<PeerAddress>,
    request: Request,
) -> Response {
    let request_id = aws_ids::gateway_request();
    let origin = request.headers().get(http::header::ORIGIN).cloned();
    let preflight = gateway.cors.as_ref().and_then(|cors| cors::preflight(cors, &request));
    let mut response = if let Some(response) = preflight {
        response
    } else {
        let mut response = gateway.route(request, peer, &request_id).await;
        if let Some(cors) = &gateway.cors {
            cors::decorate(cors, origin.as_ref(), response.headers_mut());
        }
        response
    };
    if let Ok(id) = HeaderValue::from_str(&request_id) {
        response.headers_mut().insert("apigw-requestid", id);
    }
    response
}

impl Gateway {
    async fn route(&self, request: Request, peer: SocketAddr, request_id: &str) -> Response {
        if self.throttle.as_ref().is_some_and(|throttle| !throttle.try_acquire(Instant::now())) {
            return message(StatusCode::TOO_MANY_REQUESTS, "Too Many Requests");
        }
        let (parts, body) = request.into_parts();
        let Ok(body) = to_bytes(body, BODY_LIMIT).await else {
            return message(StatusCode::PAYLOAD_TOO_LARGE, "Request Entity Too Large");
        };
        let Some(matched) = self.routes.find(parts.method.as_str(), parts.uri.path()) else {
            return message(StatusCode::NOT_FOUND, "Not Found");
        };
        let mut invocation = Invocation::new(body.clone());
        // Continues the client's trace, as Lambda does.
        let trace = parts.headers.get("x-amzn-trace-id").and_then(|value| value.to_str().ok());
        if let Some(trace) = trace.filter(|trace| trace.starts_with("Root=")) {
            trace.clone_into(&mut invocation.trace);
        }
        let context =
            Context { peer, request_id, trace: &invocation.trace, now: clock::now(), matched: &matched };
        let event = event::build(&Incoming { parts: &parts, body: &body }, &context);
        invocation.payload = event.to_string().into();
        let invoke = self.host.invoke(matched.function, invocation);
        let result = tokio::select! {
            result = invoke => result,
            () = clock::sleep(INTEGRATION_LIMIT) => {
                return message(StatusCode::SERVICE_UNAVAILABLE, "Service Unavailable");
            }
        };
        match result {
            Ok(payload) => response::build(&payload, &parts.method)
                .unwrap_or_else(|_| message(StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error")),
            Err(InvokeError::Stopped | InvokeError::TimedOut { .. }) => {
                message(StatusCode::SERVICE_UNAVAILABLE, "Service Unavailable")
            }
            Err(_) => message(StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error"),
        }
    }
}

/// Error response of the gateway itself.
fn message(status: StatusCode, text: &'static str) -> Response {
    let body = serde_json::json!({ "message": text }).to_string();
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    let json = HeaderValue::from_static("application/json");
    response.headers_mut().insert(http::header::CONTENT_TYPE, json);
    response
}
