//! `GET /health/ready`.

use std::future::ready;
use std::io;

use api_meta::{HealthState, NotReady, Probe};
use serde_json::json;
use shared::kit::command::StoreError;

use super::{ask, open};

/// Probe that succeeds or fails.
#[derive(Debug, Clone, Copy)]
enum StubProbe {
    Succeeds,
    FailsAsTable,
    FailsAsQueue,
}

impl Probe for StubProbe {
    fn check(&self) -> impl Future<Output = Result<(), NotReady>> + Send {
        ready(match self {
            Self::Succeeds => Ok(()),
            Self::FailsAsTable => Err(NotReady::Table(StoreError::Unavailable("hunter2"))),
            Self::FailsAsQueue => Err(NotReady::Queue(io::Error::other("hunter2").into())),
        })
    }
}

#[tokio::test]
async fn responding_table_and_queues_are_ready() {
    let (_marketplace, router) = open().await;
    let response = ask(&router, "GET", "/health/ready").await;
    assert_eq!(response.status, 200, "{}", response.json());
    assert_eq!(response.json(), json!({ "data": { "table": "ok", "queues": "ok" } }));
}

#[tokio::test]
async fn failing_dependency_returns_503_without_the_reason() {
    for (table, queues) in [
        (StubProbe::FailsAsTable, StubProbe::Succeeds),
        (StubProbe::Succeeds, StubProbe::FailsAsQueue),
        (StubProbe::FailsAsTable, StubProbe::FailsAsQueue),
    ] {
        let response = ask(&api_meta::router(HealthState { table, queues }), "GET", "/health/ready").await;
        assert_eq!((response.status.as_u16(), response.code().as_str()), (503, "SERVICE_UNAVAILABLE"));
        assert_eq!(response.header("retry-after").unwrap(), "1");
        assert!(!String::from_utf8_lossy(&response.bytes).contains("hunter2"));
    }
}

#[tokio::test]
async fn system_without_services_is_alive_but_not_ready() {
    let (marketplace, router) = open().await;
    drop(marketplace);
    assert_eq!(ask(&router, "GET", "/health").await.status, 200);
    let response = ask(&router, "GET", "/health/ready").await;
    assert_eq!((response.status.as_u16(), response.code().as_str()), (503, "SERVICE_UNAVAILABLE"));
}
