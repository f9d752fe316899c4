//! Tests of invocations and instances that start and end concurrently.

use std::{collections::BTreeSet, time::Duration};

use futures::FutureExt as _;
use hyper_util::{client::legacy::Client, rt::TokioExecutor};

use super::*;
use crate::faults::Faults;
use crate::services::iam::IamPolicies;
use crate::telemetry::logs::{Logs, Sink};

const TIME_LIMIT: Duration = Duration::from_secs(20);

/// Creates a pool of at most two instances whose binary does not exist, with one instance that is starting.
fn pool() -> (Arc<Pool>, Arc<Instance>) {
    let settings = RuntimeSettings {
        bin_dir: "/nowhere".into(),
        instances: 2,
        upstreams: Vec::new(),
        policies: IamPolicies::default(),
        faults: Faults::default(),
        tls: None,
        logs: Logs::new(Sink::Memory),
    };
    let function = Function {
        logical_id: "Probe".to_owned(),
        stem: "api-probe".to_owned(),
        timeout: TIME_LIMIT,
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
    let pool = Arc::new(Pool::new(
        function,
        Arc::new(settings),
        client,
        crate::services::lambda::runtime::process::launch,
        CancellationToken::new(),
    ));
    let instance = Arc::new(Instance::new(0, "api-probe", TIME_LIMIT));
    let member = PooledInstance { instance: Arc::clone(&instance), available: true };
    pool.lock().instances.insert(0, member);
    (pool, instance)
}

/// Result of an invocation, which must not stay pending.
async fn invoke(pool: &Arc<Pool>) -> InvokeResult {
    let result = tokio::time::timeout(TIME_LIMIT, pool.invoke(Invocation::new("{}"))).await;
    result.expect("an instance is started for the invocation")
}

#[tokio::test]
async fn waiting_instance_takes_the_invocation() {
    let (pool, instance) = pool();
    let mut request = Box::pin(pool.next_invocation(&instance));
    assert!(request.as_mut().now_or_never().is_none());
    let result = tokio::spawn({
        let pool = Arc::clone(&pool);
        async move { invoke(&pool).await }
    });
    let invocation = request.await.unwrap();
    assert!(pool.finish(&instance, &invocation.request_id, Ok("done".into())));
    assert_eq!(result.await.unwrap().unwrap(), "done");
    assert_eq!(pool.stats().cold_starts, 0);
}

#[tokio::test]
async fn invocation_moves_on_if_the_waiting_instance_disconnects() {
    let (pool, instance) = pool();
    let mut request = Box::pin(pool.next_invocation(&instance));
    assert!(request.as_mut().now_or_never().is_none());
    let result = tokio::join!(invoke(&pool), async { drop(request) }).0;
    assert!(matches!(result, Err(InvokeError::Start { .. })), "{result:?}");
}

#[tokio::test]
async fn removed_instance_is_unavailable_while_still_connected() {
    let (pool, instance) = pool();
    let mut request = Box::pin(pool.next_invocation(&instance));
    assert!(request.as_mut().now_or_never().is_none());
    pool.remove_instance(&instance, || InvokeError::Stopped);
    let result = invoke(&pool).await;
    assert!(matches!(result, Err(InvokeError::Start { .. })), "{result:?}");
}

#[tokio::test]
async fn removed_instance_gets_no_invocation() {
    let (pool, instance) = pool();
    pool.remove_instance(&instance, || InvokeError::Stopped);
    let (reply, _result) = oneshot::channel();
    pool.lock().pending.push_back(PendingInvocation { invocation: Invocation::new("{}"), reply });
    assert!(pool.next_invocation(&instance).now_or_never().is_none());
    let result = invoke(&pool).await;
    assert!(matches!(result, Err(InvokeError::Start { .. })), "{result:?}");
}
