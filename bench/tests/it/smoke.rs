//! Short run of all workloads: every response is the expected one, and request counts are as documented.

use bench::cli::Cli;
use bench::fixture::Fixture;
use bench::implementations::Implementation;
use bench::runner::{Runner, SimulatedLatency};
use bench::series::{self, Effort};
use bench::workloads::{ALL, COUNT_TEN, GET_ORDER, PLACE_ORDER, REPLAY_ORDER};
use clap::Parser;

/// Median number of requests of a workload: of Agora's function, and of the hand-tuned one.
fn requests(workload: &str) -> Option<(u64, u64)> {
    let expected = [(GET_ORDER, (1, 1)), (PLACE_ORDER, (2, 3)), (REPLAY_ORDER, (1, 1)), (COUNT_TEN, (2, 30))];
    expected.into_iter().find(|(known, _)| known.name == workload).map(|(_, requests)| requests)
}

#[tokio::test(flavor = "multi_thread")]
async fn all_implementations_run_every_workload() {
    let options = Cli::parse_from(["bench"]).options;
    let fixture = Box::pin(Fixture::with_paused_streams(&options.functions())).await;
    for latency in [SimulatedLatency::NONE, SimulatedLatency::TLS] {
        let runner = Runner::open(&fixture, &options, latency).unwrap();
        let warm = if latency.tls { 0 } else { 40 };
        for workload in &ALL {
            let effort = Effort { cold: 1, warm };
            let stats = series::run(workload, &[(&fixture, &runner)], latency, effort).await;
            let of = |implementation| stats.iter().find(|stats| stats.implementation == implementation);
            let (ours, no_op) = (of(Implementation::Ours).unwrap(), of(Implementation::NoOp).unwrap());
            assert!(ours.cold.is_some() && ours.peak > no_op.peak, "{ours:?}");
            if warm > 0
                && let Some((own, hand_tuned)) = requests(workload.name)
            {
                assert_eq!(
                    (ours.requests, of(Implementation::HandTuned).unwrap().requests),
                    (own, hand_tuned)
                );
                assert!(ours.cpu > no_op.cpu, "{ours:?}, {no_op:?}");
                assert!(ours.own.unwrap().p50 < ours.warm.unwrap().p50, "{ours:?}");
            }
        }
        runner.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_runners_work_at_the_same_time_over_tls() {
    let options = Cli::parse_from(["bench"]).options;
    let fixture = Box::pin(Fixture::with_paused_streams(&options.functions())).await;
    let latency = SimulatedLatency::TLS;
    let [first, second] = [(), ()].map(|()| Runner::open(&fixture, &options, latency).unwrap());
    let effort = Effort { cold: 1, warm: 0 };
    let stats = series::run(&GET_ORDER, &[(&fixture, &first), (&fixture, &second)], latency, effort).await;
    let ours = stats.iter().filter(|stats| stats.implementation == Implementation::Ours);
    assert_eq!(ours.filter(|stats| stats.cold.is_some()).count(), 2);
    first.close().await;
    second.close().await;
}
