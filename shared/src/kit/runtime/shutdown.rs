//! The end of the process: what is being done is finished, and telemetry let out, before Lambda kills it.
//!
//! Lambda announces the end (SIGTERM) only to functions with an extension, and gives them half a second ("Lambda execution
//! environment lifecycle", Shutdown phase). So one is registered that asks for no events. The runtime crate has a helper for
//! it; this one says what happens in the log's own form, and goes on without the announcement where it is refused.

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

/// How long work that is under way may go on. On AWS there is none: the end comes between invocations.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(1);

/// The extension's name; it is the function's own.
const EXTENSION: &str = "agora-ending";

/// How many invocations are under way.
static IN_FLIGHT: LazyLock<watch::Sender<usize>> = LazyLock::new(|| watch::Sender::new(0));

/// Holds the end off for a while.
#[derive(Debug)]
pub(super) struct InFlightGuard(());

/// An invocation is under way, until this is dropped.
pub(super) fn busy() -> InFlightGuard {
    IN_FLIGHT.send_modify(|count| *count += 1);
    InFlightGuard(())
}

impl Drop for InFlightGuard {
    fn drop(&mut self) {
        IN_FLIGHT.send_modify(|count| *count = count.saturating_sub(1));
    }
}

/// Ends the process in order when it is asked to end. To be called before the first event is asked for.
///
/// # Errors
/// If signals cannot be received.
pub(super) async fn install_shutdown_handler() -> Result<(), Error> {
    let (mut terminated, mut interrupted) =
        (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    match register().await {
        Ok(extension) => {
            // Asking for the next event says that it is ready; there will be none.
            tokio::spawn(async move { extension.wait().await });
        }
        Err(error) => tracing::warn!(%error, "the end of the process will not be announced"),
    }
    tokio::spawn(async move {
        let (terminate, interrupt) = (terminated.recv(), interrupted.recv());
        pin_mut!(terminate, interrupt);
        select(terminate, interrupt).await;
        finish().await;
        std::process::exit(0);
    });
    Ok(())
}

async fn finish() {
    let mut under_way = IN_FLIGHT.subscribe();
    let (done, late) = (under_way.wait_for(|count| *count == 0), SystemClock.sleep(DRAIN_TIMEOUT));
    pin_mut!(done, late);
    let in_time = matches!(select(done, late).await, Either::Left(_));
    tracing::info!(inTime = in_time, "the process ends");
    telemetry::finish().await;
}

/// An extension that asks for no events.
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
    let answer = client.call(request).await?;
    let id = answer.headers().get("Lambda-Extension-Identifier").cloned();
    let id = id.ok_or_else(|| format!("the extension was not registered: {}", answer.status()))?;
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
            tracing::debug!(%error, "the extension's wait ended");
        }
    }
}
