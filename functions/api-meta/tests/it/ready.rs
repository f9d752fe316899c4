//! `GET /health/ready`.

use std::future::ready;
use std::io;

use api_meta::{HealthState, NotReady, Probe};
use serde_json::json;
use shared::kit::command::StoreError;

use super::{ask, open};

/// A table or a queue that answers, or does not.
#[derive(Debug, Clone, Copy)]
enum Part {
    Answers,
    Table,
    Queue,
}

impl Probe for Part {
    fn check(&self) -> impl Future<Output = Result<(), NotReady>> + Send {
        ready(match self {
            Self::Answers => Ok(()),
            Self::Table => Err(NotReady::Table(StoreError::Unavailable("hunter2"))),
            Self::Queue => Err(NotReady::Queue(io::Error::other("hunter2").into())),
        })
    }
}

#[tokio::test]
async fn a_system_whose_table_and_queues_answer_is_ready() {
    let (_scene, router) = open().await;
    let answer = ask(&router, "GET", "/health/ready").await;
    assert_eq!(answer.status, 200, "{}", answer.json());
    assert_eq!(answer.json(), json!({ "data": { "table": "ok", "queues": "ok" } }));
}

#[tokio::test]
async fn a_system_without_its_table_or_its_queues_is_not_and_says_nothing_of_why() {
    for (table, queues) in
        [(Part::Table, Part::Answers), (Part::Answers, Part::Queue), (Part::Table, Part::Queue)]
    {
        let answer = ask(&api_meta::router(HealthState { table, queues }), "GET", "/health/ready").await;
        assert_eq!((answer.status.as_u16(), answer.code().as_str()), (503, "SERVICE_UNAVAILABLE"));
        assert_eq!(answer.header("retry-after").unwrap(), "1");
        assert!(!String::from_utf8_lossy(&answer.bytes).contains("hunter2"));
    }
}

#[tokio::test]
async fn a_system_whose_services_are_gone_is_not_ready_but_lives() {
    let (scene, router) = open().await;
    drop(scene);
    assert_eq!(ask(&router, "GET", "/health").await.status, 200);
    let answer = ask(&router, "GET", "/health/ready").await;
    assert_eq!((answer.status.as_u16(), answer.code().as_str()), (503, "SERVICE_UNAVAILABLE"));
}
