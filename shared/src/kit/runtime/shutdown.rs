//! Shutdown: invocations in flight are finished and telemetry is flushed before Lambda kills the process.
//!
//! Lambda sends SIGTERM only to functions with an extension, half a second before it kills the process
//! ("Lambda execution environment lifecycle", Shutdown phase). An internal extension without events is
//! registered for this purpose. The helper of the runtime crate does the same; this one logs in our format,
//! and works without SIGTERM if the registration fails.

use std::sync::LazyLock;
use std::time::Duration;

use futures::future::{Either, select};
use futures::pin_mut;
use http::{Method, Request};
use lambda_runtime_api_client::PooledClient;
use lambda_runtime_api_client::body::Body;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

use super::Error;
use crate::kit::system::clock::{Clock, SystemClock};
use crate::kit::telemetry;

/// Maximum time to wait for invocations in flight. On AWS there are none, because the shutdown comes between
/// invocations.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(1);

/// Name of the extension; it is internal to the function.
const EXTENSION: &str = "agora-ending";

/// Number of invocations in flight.
static IN_FLIGHT: LazyLock<watch::Sender<usize>> = LazyLock::new(|| watch::Sender::new(0));

/// Delays the shutdown until it is dropped.
#[derive(Debug)]
pub(super) struct InFlightGuard(());

/// Counts an invocation as in flight until the guard is dropped.
pub(super) fn track_invocation() -> InFlightGuard {
    IN_FLIGHT.send_modify(|count| *count += 1);
    InFlightGuard(())
}

impl Drop for InFlightGuard {
    fn drop(&mut self) {
        IN_FLIGHT.send_modify(|count| *count = count.saturating_sub(1));
    }
}

/// Installs the handler of SIGTERM and SIGINT, which shuts the process down. To be called before the first
/// event is requested.
///
/// # Errors
/// [`Error`] if signals cannot be received.
pub(super) async fn install_shutdown_handler() -> Result<(), Error> {
    let (mut terminated, mut interrupted) =
        (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    match register().await {
        Ok(extension) => {
            // Requesting the next event signals readiness; no event will arrive.
            tokio::spawn(async move { extension.wait().await });
        }
        Err(error) => tracing::warn!(%error, "failed to register extension; shutdown will not be announced"),
    }
    tokio::spawn(async move {
        let (terminate, interrupt) = (terminated.recv(), interrupted.recv());
        pin_mut!(terminate, interrupt);
        select(terminate, interrupt).await;
        shut_down().await;
        std::process::exit(0);
    });
    Ok(())
}

async fn shut_down() {
    let mut in_flight = IN_FLIGHT.subscribe();
    let (drained, timeout) = (in_flight.wait_for(|count| *count == 0), SystemClock.sleep(DRAIN_TIMEOUT));
    pin_mut!(drained, timeout);
    let in_time = matches!(select(drained, timeout).await, Either::Left(_));
    tracing::info!(inTime = in_time, "shutting down");
    telemetry::finish().await;
}

/// A registered extension without events.
struct Extension {
    client: PooledClient,
    id: http::HeaderValue,
}

async fn register() -> Result<Extension, Error> {
    let client = PooledClient::builder().build();
    let request = Request::builder()
        .method(Method::POST)
        .uri("/2020-01-01/extension/register")
        .header("Lambda-Extension-Name", EXTENSION)
        .header("Content-Type", "application/json")
        .body(Body::from(r#"{"events":[]}"#))?;
    let response = client.call(request).await?;
    let id = response.headers().get("Lambda-Extension-Identifier").cloned();
    let id = id.ok_or_else(|| format!("registration failed: {}", response.status()))?;
    Ok(Extension { client, id })
}

impl Extension {
    async fn wait(self) {
        let request = Request::builder()
            .method(Method::GET)
            .uri("/2020-01-01/extension/event/next")
            .header("Lambda-Extension-Identifier", self.id)
            .body(Body::empty());
        if let Ok(request) = request
            && let Err(error) = self.client.call(request).await
        {
            tracing::debug!(%error, "failed to wait for extension event");
        }
    }
}
