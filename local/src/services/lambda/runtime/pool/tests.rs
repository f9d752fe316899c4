//! Jobs and instances that come and go at the same time.

use std::{collections::BTreeSet, time::Duration};

use futures::FutureExt as _;
use hyper_util::{client::legacy::Client, rt::TokioExecutor};

use super::*;
use crate::faults::Faults;
use crate::services::iam::IamPolicies;
use crate::telemetry::logs::{Logs, Sink};

const SOON: Duration = Duration::from_secs(20);

/// A pool with room for two of a function that cannot be started, and one instance that waits for a job.
fn pool() -> (Arc<Pool>, Arc<Instance>) {
    let settings = RuntimeSettings {
        bin_dir: "/nowhere".into(),
        instances: 2,
        upstreams: Vec::new(),
        access: IamPolicies::default(),
        faults: Faults::default(),
        tls: None,
        logs: Logs::new(Sink::Memory),
    };
    let function = Function {
        logical_id: "Probe".to_owned(),
        stem: "api-probe".to_owned(),
        timeout: SOON,
        memory: 128,
        environment: BTreeMap::new(),
        grants: BTreeSet::new(),
        log_group: None,
        traced: false,
        routes: Vec::new(),
        queues: Vec::new(),
        streams: Vec::new(),
        schedules: Vec::new(),
    };
    let client = Client::builder(TokioExecutor::new()).build_http();
    let pool = Arc::new(Pool::new(function, Arc::new(settings), client, Shutdown::new()));
    let instance = Arc::new(Instance::new(0, "api-probe", SOON));
    let member = Member { instance: Arc::clone(&instance), available: true };
    pool.lock().instances.insert(0, member);
    (pool, instance)
}

/// What an invocation comes to, if it is not left lying.
async fn invoke(pool: &Arc<Pool>) -> Answer {
    let answer = tokio::time::timeout(SOON, pool.invoke(Invocation::new("{}"))).await;
    answer.expect("somebody was started for it")
}

#[tokio::test]
async fn a_job_is_for_an_instance_that_waits() {
    let (pool, instance) = pool();
    let mut asks = Box::pin(pool.take(&instance));
    assert!(asks.as_mut().now_or_never().is_none());
    let invoked = tokio::spawn({
        let pool = Arc::clone(&pool);
        async move { invoke(&pool).await }
    });
    let invocation = asks.await.unwrap();
    assert!(pool.finish(&instance, &invocation.request_id, Ok("done".into())));
    assert_eq!(invoked.await.unwrap().unwrap(), "done");
    assert_eq!(pool.stats().cold_starts, 0);
}

#[tokio::test]
async fn a_job_that_came_before_the_instance_hung_up_is_for_the_next() {
    let (pool, instance) = pool();
    let mut asks = Box::pin(pool.take(&instance));
    assert!(asks.as_mut().now_or_never().is_none());
    let invoked = tokio::join!(invoke(&pool), async { drop(asks) }).0;
    assert!(matches!(invoked, Err(InvokeError::Start { .. })), "{invoked:?}");
}

#[tokio::test]
async fn an_instance_that_is_gone_is_not_counted_on_even_if_it_has_not_hung_up() {
    let (pool, instance) = pool();
    let mut asks = Box::pin(pool.take(&instance));
    assert!(asks.as_mut().now_or_never().is_none());
    pool.gone(&instance, || InvokeError::Stopped);
    let invoked = invoke(&pool).await;
    assert!(matches!(invoked, Err(InvokeError::Start { .. })), "{invoked:?}");
}

#[tokio::test]
async fn an_instance_that_is_gone_is_given_nothing() {
    let (pool, instance) = pool();
    pool.gone(&instance, || InvokeError::Stopped);
    let (reply, _answer) = oneshot::channel();
    pool.lock().jobs.push_back(PendingInvocation { invocation: Invocation::new("{}"), reply });
    assert!(pool.take(&instance).now_or_never().is_none());
    let invoked = invoke(&pool).await;
    assert!(matches!(invoked, Err(InvokeError::Start { .. })), "{invoked:?}");
}
