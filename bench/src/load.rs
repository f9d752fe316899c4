//! Load test: k6 starts requests at a fixed rate, independent of responses (`bench/load/shop.js`). The
//! system, its services and k6 run on the same machine.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Value, json};
use shared::kit::system::clock::{Clock, SystemClock, Timestamp};
use test_support::TestUser;
use tokio::process::Command;

use crate::cli::Options;
use crate::fixture::Fixture;
use crate::statistics::{Percentiles, decimal, hundredths, millis};
use crate::targets::TargetResult;

/// Instances of each function: more than two processors can keep busy.
const INSTANCES: usize = 4;

/// Reads per second under steady load.
const READS: u64 = 300;
/// Orders per second under steady load.
const ORDERS: u64 = 30;
/// Duration of the steady load, in seconds.
const STEADY_SECONDS: u64 = 300;

/// Requests per second that the API admits in the overload test.
const THROTTLE: u64 = 400;
/// Callers in the overload test.
const CALLERS: usize = 100;
/// Rate limit of each caller, in reads per minute.
const ALLOWED: u64 = 300;

/// Error of the load test.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// K6 does not start, or writes no summary.
    #[error("k6: {0}")]
    Tool(#[from] io::Error),
    /// The summary of k6 is malformed.
    #[error("summary of k6: {0}")]
    Summary(#[from] serde_json::Error),
}

/// Results of a scenario.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scenario {
    /// Duration in seconds.
    pub seconds: u64,
    /// Expected responses within a second.
    pub good: u64,
    /// Requests rejected with 429.
    pub shed: u64,
    /// Rejections without the documented error code or `Retry-After`.
    pub malformed: u64,
    /// All other responses.
    pub failed: u64,
    /// Requests that k6 did not start, because too many were in progress.
    pub not_started: u64,
    /// Median duration of good responses, in microseconds.
    pub p50: u64,
    /// 99th percentile of the duration of good responses, in microseconds.
    pub p99: u64,
}

/// Results of the load test.
#[derive(Debug, Default)]
pub struct Load {
    /// Results of each scenario, by name.
    pub scenarios: BTreeMap<String, Scenario>,
    /// Time from the placement of an order to its confirmation.
    pub sagas: Option<Percentiles>,
    /// Number of placed orders, and of those that were never confirmed.
    pub orders: (usize, usize),
    /// Requests granted to the caller who exceeds their rate limit, and the number that the limit allows.
    pub greedy: (u64, u64),
}

/// A planned scenario: name, k6 function, requests per second, start and duration in seconds.
type PlannedScenario = (&'static str, &'static str, u64, u64, u64);

/// Runs the load test.
///
/// # Errors
/// [`LoadError`].
pub async fn measure(options: &Options) -> Result<Load, LoadError> {
    let mut load = Load::default();
    Box::pin(steady(options, &mut load)).await?;
    Box::pin(overload(options, &mut load)).await?;
    Ok(load)
}

/// Runs the steady load.
async fn steady(options: &Options, load: &mut Load) -> Result<(), LoadError> {
    let fixture = Box::pin(Fixture::with_settings(&options.functions(), |builder| {
        builder.instances(INSTANCES).parameter("AnalyticsWindowSeconds", "1")
    }))
    .await;
    let callers = [&fixture.buyer, &fixture.buyer];
    let warm_up = [("warm_reads", "read", READS, 0, 20), ("warm_orders", "order", ORDERS, 0, 20)];
    run(options, &fixture, &callers, &warm_up).await?;
    let since = SystemClock.now();
    let plan = [("reads", "read", READS, 0, STEADY_SECONDS), ("orders", "order", ORDERS, 0, STEADY_SECONDS)];
    load.scenarios.extend(run(options, &fixture, &callers, &plan).await?);
    fixture.app.wait_until_idle().await;
    let sagas = sagas(&fixture, since);
    let confirmed: Vec<Duration> = sagas.iter().flatten().copied().collect();
    load.orders = (sagas.len(), sagas.len() - confirmed.len());
    load.sagas = Percentiles::of(confirmed);
    Ok(())
}

/// Runs the peak load, three times the admitted rate, and the steady load again.
async fn overload(options: &Options, load: &mut Load) -> Result<(), LoadError> {
    let fixture = Box::pin(Fixture::with_settings(&options.functions(), |builder| {
        builder
            .instances(INSTANCES)
            .parameter("AnalyticsWindowSeconds", "1")
            .parameter("ApiRequestsPerSecond", THROTTLE.to_string())
            .parameter("ApiBurst", THROTTLE.to_string())
            .parameter("ReadLimit", ALLOWED.to_string())
    }))
    .await;
    let mut customers = Vec::with_capacity(CALLERS);
    for number in 0..CALLERS {
        customers.push(fixture.app.register(&format!("caller{number}")).await);
    }
    let callers: Vec<&TestUser> = customers.iter().collect();
    let (orders, greedy) = (30, 20);
    let peak = THROTTLE - orders - greedy;
    let plan = [
        ("peak_reads", "read", peak, 0, 20),
        ("peak_orders", "order", orders, 0, 20),
        ("overload_reads", "read", 3 * peak, 20, 30),
        ("overload_orders", "order", 3 * orders, 20, 30),
        ("recovering_reads", "read", READS, 50, 10),
        ("recovering_orders", "order", ORDERS, 50, 10),
        ("recovered_reads", "read", READS, 60, 20),
        ("recovered_orders", "order", ORDERS, 60, 20),
        ("greedy", "greedy", greedy, 0, 80),
    ];
    let minute = |at: Timestamp| at.as_seconds() / 60;
    let begun = minute(SystemClock.now());
    let scenarios = run(options, &fixture, &callers, &plan).await?;
    let minutes = minute(SystemClock.now()) - begun + 1;
    let granted = scenarios.get("greedy").map_or(0, |greedy| greedy.good);
    load.greedy = (granted, ALLOWED * u64::try_from(minutes).unwrap_or(0));
    load.scenarios.extend(scenarios);
    Ok(())
}

/// Runs k6 and reads its summary. The last caller is the one who exceeds their rate limit.
async fn run(
    options: &Options,
    fixture: &Fixture,
    callers: &[&TestUser],
    plan: &[PlannedScenario],
) -> Result<BTreeMap<String, Scenario>, LoadError> {
    let scenario = |(name, function, rate, from, seconds): &PlannedScenario| {
        let definition = json!({
            "executor": "constant-arrival-rate",
            "exec": function,
            "rate": rate,
            "timeUnit": "1s",
            "startTime": format!("{from}s"),
            "duration": format!("{seconds}s"),
            "preAllocatedVUs": rate.div_ceil(4).max(10),
            "maxVUs": rate * 2,
            "gracefulStop": "5s",
        });
        ((*name).to_owned(), definition)
    };
    let scenarios: serde_json::Map<_, _> = plan.iter().map(scenario).collect();
    let tokens: Vec<&str> = callers.iter().map(|caller| caller.token.as_str()).collect();
    let summary = summary_file();
    let status = Command::new(options.k6.as_deref().unwrap_or_else(|| Path::new("k6")))
        .args(["run", "--quiet", "--no-usage-report"])
        .arg(test_support::workspace("bench/load/shop.js"))
        .env("PLAN", Value::Object(scenarios).to_string())
        .env("TOKENS", tokens.join(" "))
        .env("URL", fixture.app.stack().url())
        .env("PRODUCT", &fixture.product)
        .env("SUMMARY", &summary)
        .status()
        .await?;
    eprintln!("[load] k6: {status}");
    let metrics: Value = serde_json::from_slice(&std::fs::read(&summary)?)?;
    Ok(plan.iter().map(|planned| (planned.0.to_owned(), parse_summary(&metrics, planned))).collect())
}

fn summary_file() -> PathBuf {
    test_support::workspace("target/bench/k6.json")
}

fn parse_summary(metrics: &Value, (name, _, _, _, seconds): &PlannedScenario) -> Scenario {
    let values = |metric: &str, tags: &str| &metrics[format!("{metric}{{scenario:{name}{tags}}}")]["values"];
    let count = |metric: &str| values(metric, "")["count"].as_u64().unwrap_or_default();
    let duration = |of: &str| microseconds(&values("http_req_duration", ",expected_response:true")[of]);
    Scenario {
        seconds: *seconds,
        good: count("good"),
        shed: count("shed"),
        malformed: values("checks", "")["fails"].as_u64().unwrap_or_default(),
        failed: count("failed"),
        not_started: count("dropped_iterations"),
        p50: duration("p(50)"),
        p99: duration("p(99)"),
    }
}

/// Converts fractional milliseconds to microseconds.
fn microseconds(value: &Value) -> u64 {
    let duration = value.as_f64().and_then(|millis| Duration::try_from_secs_f64(millis).ok());
    duration.map_or(0, |scaled| u64::try_from(scaled.as_millis()).unwrap_or(u64::MAX))
}

/// Time from placement to confirmation of each order placed since `since`; `None` if it is not confirmed.
fn sagas(fixture: &Fixture, since: Timestamp) -> Vec<Option<Duration>> {
    let items = fixture.items();
    let orders = items.values().filter(|item| item["sk"]["S"] == "order");
    let moment = |value: &Value| value["S"].as_str()?.parse::<Timestamp>().ok();
    let placed = orders.filter_map(|order| Some((moment(&order["createdAt"])?, order)));
    let placed = placed.filter(|(at, _)| *at >= since);
    let confirmed = |order: &Value| {
        let timeline = order["timeline"]["L"].as_array()?;
        let entry = timeline.iter().find(|entry| entry["M"]["status"]["S"] == "confirmed")?;
        moment(&entry["M"]["at"])
    };
    placed.map(|(at, order)| confirmed(order).map(|confirmed| confirmed.duration_since(at))).collect()
}

/// A target, and whether the measured value meets it, with its description.
type Measured = (&'static str, Option<(bool, String)>);

fn target_result((target, measured): Measured) -> TargetResult {
    let met = measured.as_ref().is_some_and(|(met, _)| *met);
    TargetResult { target, measured: measured.map(|(_, text)| text), met }
}

impl Load {
    fn scenario(&self, name: &str) -> Option<&Scenario> {
        self.scenarios.get(name)
    }

    /// Good responses per second of reads and orders together, in hundredths.
    fn goodput(&self, phase: &str) -> Option<u64> {
        let (reads, orders) =
            (self.scenario(&format!("{phase}_reads"))?, self.scenario(&format!("{phase}_orders"))?);
        hundredths(reads.good + orders.good, reads.seconds)
    }

    /// Result of each target.
    #[must_use]
    pub fn target_results(&self) -> Vec<TargetResult> {
        self.steady_targets().into_iter().chain(self.overload_targets()).map(target_result).collect()
    }

    fn steady_targets(&self) -> [Measured; 2] {
        let reads = self.scenario("reads").map(|reads| {
            let text = format!(
                "{} ms, {} failed, {} not started",
                millis(reads.p99),
                reads.failed,
                reads.not_started
            );
            (reads.p99 <= 20_000 && reads.failed + reads.shed + reads.not_started == 0, text)
        });
        let orders = self.scenario("orders").zip(self.sagas).map(|(orders, sagas)| {
            let (placed, left) = self.orders;
            let text =
                format!("{} ms, {} failed, {left} of {placed} unconfirmed", millis(sagas.p99), orders.failed);
            (
                sagas.p99 <= 2_000_000 && orders.failed + orders.shed + orders.not_started == 0 && left == 0,
                text,
            )
        });
        [
            ("300 cached reads per second for five minutes: p99 at most 20 ms, no failures", reads),
            ("30 orders per second at the same time: confirmed within 2 s at p99, no failures", orders),
        ]
    }

    fn overload_targets(&self) -> [Measured; 4] {
        let goodput = self.goodput("peak").zip(self.goodput("overload")).and_then(|(peak, overload)| {
            let share = hundredths(overload, peak)?;
            let text = format!("{} × ({} / {} per second)", decimal(share), decimal(overload), decimal(peak));
            Some((share >= 80, text))
        });
        let after = self.scenario("recovered_reads").zip(self.scenario("recovered_orders"));
        let after = after.map(|(reads, orders)| {
            let (shed, failed) = (reads.shed + orders.shed, reads.failed + orders.failed);
            let text = format!("p99 {} ms, {shed} rejected, {failed} failed", millis(reads.p99));
            (reads.p99 <= 20_000 && shed + failed == 0, text)
        });
        let (granted, allowed) = self.greedy;
        let greedy = self.scenario("greedy").map(|greedy| {
            let text = format!("{granted} of {allowed}, {} rejected", greedy.shed);
            (granted <= allowed && greedy.shed > 0, text)
        });
        let malformed = self.scenarios.values().map(|scenario| scenario.malformed).sum::<u64>();
        let shed = self.scenarios.values().map(|scenario| scenario.shed).sum::<u64>();
        let rejections = (shed > 0).then(|| (malformed == 0, format!("{malformed} of {shed} malformed")));
        [
            ("three times the admitted rate: at least 0.80 × the good responses of the peak", goodput),
            ("ten seconds later: p99 of reads at most 20 ms, no rejections, no failures", after),
            ("a caller above their rate limit all the time: never granted more", greedy),
            ("rejections: each with its error code, those of functions with `Retry-After`", rejections),
        ]
    }

    /// Markdown table of the results.
    #[must_use]
    pub fn table(&self) -> String {
        let mut table = "| scenario | seconds | good | rejected | failed | not started | p50 | p99 |\n\
             |---|---:|---:|---:|---:|---:|---:|---:|\n"
            .to_owned();
        for (name, scenario) in &self.scenarios {
            let Scenario { seconds, good, shed, failed, not_started, p50, p99, .. } = scenario;
            let (name, p50, p99) = (name.replace('_', ", "), millis(*p50), millis(*p99));
            let _ = writeln!(
                table,
                "| {name} | {seconds} | {good} | {shed} | {failed} | {not_started} | {p50} | {p99} |"
            );
        }
        if let Some(sagas) = self.sagas {
            let (p50, p90, p99) = (millis(sagas.p50), millis(sagas.p90), millis(sagas.p99));
            let _ = writeln!(table, "\nPlacement to confirmation: p50 {p50} ms, p90 {p90} ms, p99 {p99} ms.");
        }
        table
    }
}
