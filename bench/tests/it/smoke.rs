//! A short run of everything that is timed: every answer is what it should be, and whoever asks for less says so.

use bench::cli::Cli;
use bench::fixture::Fixture;
use bench::implementations::Implementation;
use bench::runner::{Runner, SimulatedLatency};
use bench::series::{self, Effort};
use bench::workloads::{ALL, COUNT_TEN, GET_ORDER, PLACE_ORDER, REPLAY_ORDER};
use clap::Parser;

/// How many requests the invocation in the middle takes, by us and by the best Rust known.
fn requests(workload: &str) -> Option<(u64, u64)> {
    let known = [(GET_ORDER, (1, 1)), (PLACE_ORDER, (2, 3)), (REPLAY_ORDER, (1, 1)), (COUNT_TEN, (2, 30))];
    known.into_iter().find(|(known, _)| known.name == workload).map(|(_, requests)| requests)
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_does_every_workload_over_tls_as_well() {
    let how = Cli::parse_from(["bench"]).how;
    let stage = Box::pin(Fixture::with_paused_streams(&how.functions())).await;
    for distance in [SimulatedLatency::NONE, SimulatedLatency::TLS] {
        let theatre = Runner::open(&stage, &how, distance).unwrap();
        let warm = if distance.tls { 0 } else { 40 };
        for workload in &ALL {
            let effort = Effort { cold: 1, warm };
            let figures = series::run(workload, &[(&stage, &theatre)], distance, effort).await;
            let of = |subject| figures.iter().find(|figures| figures.subject == subject);
            let (ours, bare) = (of(Implementation::Ours).unwrap(), of(Implementation::Bare).unwrap());
            assert!(ours.cold.is_some() && ours.peak > bare.peak, "{ours:?}");
            if warm > 0
                && let Some((own, best)) = requests(workload.name)
            {
                assert_eq!((ours.requests, of(Implementation::Best).unwrap().requests), (own, best));
                assert!(ours.cpu > bare.cpu, "{ours:?}, {bare:?}");
                assert!(ours.own.unwrap().p50 < ours.warm.unwrap().p50, "{ours:?}");
            }
        }
        theatre.close().await;
    }
}
