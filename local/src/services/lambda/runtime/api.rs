//! Lambda Runtime API (2018-06-01) for one instance, after "Using the Lambda runtime API for custom runtimes"
//! in the developer guide.

use std::{io, net::SocketAddr, sync::Arc};

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode, response::Builder};
use http_body_util::{BodyExt, Full, Limited};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use serde::Deserialize;
use tokio::{net::TcpListener, task::JoinSet};

use super::{instance::Instance, pool::Pool};
use crate::services::lambda::InvokeError;
use crate::system::{arn, aws_ids, clock};

/// Maximum size of a response: 6 MB plus 100 bytes for the envelope.
const RESPONSE_LIMIT: usize = 6 * 1024 * 1024 + 100;

const PREFIX: &str = "/2018-06-01/runtime/";
/// Path prefix of the Lambda Extensions API.
const EXTENSION: &str = "/2020-01-01/extension/";

/// Reason why a request of the runtime gets no response. The connection is closed.
#[derive(Debug, thiserror::Error)]
enum ApiError {
    #[error("the instance is shutting down")]
    ShuttingDown,
    #[error(transparent)]
    Response(#[from] http::Error),
}

/// Error report of a failed invocation or startup.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Report {
    #[serde(default)]
    error_type: String,
    #[serde(default)]
    error_message: String,
}

pub(super) async fn listen(
    pool: Arc<Pool>,
    instance: Arc<Instance>,
    tasks: &mut JoinSet<()>,
) -> io::Result<SocketAddr> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    let address = listener.local_addr()?;
    tasks.spawn(async move {
        let mut connections = JoinSet::new();
        while let Ok((stream, _)) = listener.accept().await {
            let (pool, instance) = (Arc::clone(&pool), Arc::clone(&instance));
            let _ = stream.set_nodelay(true);
            connections.spawn(async move {
                let handle = service_fn(|request| handle(&pool, &instance, request));
                // Ends in an error when the process exits, which `process` reports.
                let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), handle).await;
            });
            while connections.try_join_next().is_some() {}
        }
    });
    Ok(address)
}

async fn handle(
    pool: &Arc<Pool>,
    instance: &Instance,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, ApiError> {
    let (parts, body) = request.into_parts();
    if let Some(path) = parts.uri.path().strip_prefix(EXTENSION) {
        return extension(instance, &parts.method, path).await;
    }
    let steps: Vec<_> = parts.uri.path().strip_prefix(PREFIX).unwrap_or_default().split('/').collect();
    match (&parts.method, steps.as_slice()) {
        (&Method::GET, ["invocation", "next"]) => next(pool, instance).await,
        (&Method::POST, ["invocation", id, "response"]) => {
            let response = match Limited::new(body, RESPONSE_LIMIT).collect().await {
                Ok(body) => Ok(body.to_bytes()),
                Err(_) => Err(too_large()),
            };
            acknowledge(pool.finish(instance, id, response))
        }
        (&Method::POST, ["invocation", id, "error"]) => {
            let error = function_error(read(body).await);
            acknowledge(pool.finish(instance, id, Err(error)))
        }
        (&Method::POST, ["init", "error"]) => {
            instance.set_init_error(function_error(read(body).await).to_string());
            acknowledge(true)
        }
        _ => text(Response::builder().status(StatusCode::NOT_FOUND), "{}"),
    }
}

/// Extensions API for the function's internal extension. It receives no events; its instance is shut down
/// gracefully.
async fn extension(
    instance: &Instance,
    method: &Method,
    path: &str,
) -> Result<Response<Full<Bytes>>, ApiError> {
    match (method, path) {
        (&Method::POST, "register") => {
            instance.register_extension();
            let builder = Response::builder().header("lambda-extension-identifier", aws_ids::uuid());
            text(builder, "{}")
        }
        (&Method::GET, "event/next") => {
            instance.until_killed_or_exited().await;
            Err(ApiError::ShuttingDown)
        }
        _ => text(Response::builder().status(StatusCode::NOT_FOUND), "{}"),
    }
}

async fn next(pool: &Arc<Pool>, instance: &Instance) -> Result<Response<Full<Bytes>>, ApiError> {
    let invocation = pool.next_invocation(instance).await.ok_or(ApiError::ShuttingDown)?;
    let deadline = clock::now_millis() + i64::try_from(instance.timeout().as_millis()).unwrap_or(i64::MAX);
    Ok(Response::builder()
        .header("content-type", "application/json")
        .header("lambda-runtime-aws-request-id", &invocation.request_id)
        .header("lambda-runtime-deadline-ms", deadline)
        .header("lambda-runtime-invoked-function-arn", arn::function_arn(&instance.stem))
        .header("lambda-runtime-trace-id", &invocation.trace)
        .body(Full::new(invocation.payload))?)
}

async fn read(body: Incoming) -> Bytes {
    body.collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default()
}

fn function_error(payload: Bytes) -> InvokeError {
    let report: Option<Report> = serde_json::from_slice(&payload).ok();
    let (error_type, message) = match report {
        Some(report) => (report.error_type, report.error_message),
        None => ("Unknown".to_owned(), String::from_utf8_lossy(&payload).into_owned()),
    };
    InvokeError::Function { error_type, message, payload }
}

fn too_large() -> InvokeError {
    let error_type = "Function.ResponseSizeTooLarge".to_owned();
    let message = format!("the response is larger than {RESPONSE_LIMIT} bytes");
    let payload = serde_json::json!({ "errorType": error_type, "errorMessage": message }).to_string();
    InvokeError::Function { error_type, message, payload: payload.into() }
}

fn acknowledge(accepted: bool) -> Result<Response<Full<Bytes>>, ApiError> {
    if accepted {
        return text(Response::builder().status(StatusCode::ACCEPTED), r#"{"status":"OK"}"#);
    }
    let body = r#"{"errorMessage":"invocation not found","errorType":"InvalidRequestID"}"#;
    text(Response::builder().status(StatusCode::BAD_REQUEST), body)
}

fn text(builder: Builder, body: &'static str) -> Result<Response<Full<Bytes>>, ApiError> {
    let body = Full::new(Bytes::from_static(body.as_bytes()));
    Ok(builder.header("content-type", "application/json").body(body)?)
}
