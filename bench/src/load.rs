//! Load: so many requests a second, begun whether or not earlier ones were answered, on a shop that is on this machine with
//! everything that it needs, and with whoever asks. k6 asks; `bench/load/shop.js` is what it does.

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

/// Instances of each function: more than two processors keep busy.
const INSTANCES: usize = 4;

/// Requests a second while all is well, and for how many seconds.
const READS: u64 = 300;
const ORDERS: u64 = 30;
const STEADY: u64 = 300;

/// Requests a second that the API lets through where there are too many.
const THROTTLE: u64 = 400;
/// Callers that share them, and reads that each of them has in a minute.
const CALLERS: usize = 100;
const ALLOWED: u64 = 300;

/// Why there is no load.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// k6 does not start, or leaves no summary.
    #[error("k6: {0}")]
    Tool(#[from] io::Error),
    /// Its summary does not read.
    #[error("the summary of k6: {0}")]
    Summary(#[from] serde_json::Error),
}

/// What came of a scenario.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scenario {
    /// For how many seconds it asked.
    pub seconds: u64,
    /// Answers as they should be, within a second.
    pub good: u64,
    /// Refusals because there was too much.
    pub shed: u64,
    /// Of those, the ones that did not say what they are.
    pub unclear: u64,
    /// Anything else.
    pub bad: u64,
    /// Requests that were not begun, because too many were under way.
    pub not_begun: u64,
    /// How long good answers took, in microseconds.
    pub p50: u64,
    /// The same.
    pub p99: u64,
}

/// What was measured.
#[derive(Debug, Default)]
pub struct Load {
    /// By name, in the order of their names.
    pub scenarios: BTreeMap<String, Scenario>,
    /// From the placing of an order to its confirmation.
    pub sagas: Option<Percentiles>,
    /// Orders that were placed, and those that were not confirmed in the end.
    pub orders: (usize, usize),
    /// What somebody was granted who asked for more, and what they may be in these minutes.
    pub greedy: (u64, u64),
}

/// A scenario: what is asked, how often a second, from when on and for how long.
type Planned = (&'static str, &'static str, u64, u64, u64);

/// Loads the shop for minutes.
///
/// # Errors
/// [`LoadError`].
pub async fn measure(how: &Options) -> Result<Load, LoadError> {
    let mut load = Load::default();
    Box::pin(steady(how, &mut load)).await?;
    Box::pin(overload(how, &mut load)).await?;
    Ok(load)
}

/// As many requests as a shop of this size has.
async fn steady(how: &Options, load: &mut Load) -> Result<(), LoadError> {
    let stage = Box::pin(Fixture::with_settings(&how.functions(), |builder| {
        builder.instances(INSTANCES).parameter("AnalyticsWindowSeconds", "1")
    }))
    .await;
    let callers = [&stage.buyer, &stage.buyer];
    let warming = [("warm_reads", "read", READS, 0, 20), ("warm_orders", "order", ORDERS, 0, 20)];
    run(how, &stage, &callers, &warming).await?;
    let since = SystemClock.now();
    let plan = [("reads", "read", READS, 0, STEADY), ("orders", "order", ORDERS, 0, STEADY)];
    load.scenarios.extend(run(how, &stage, &callers, &plan).await?);
    stage.shop.wait_until_idle().await;
    let sagas = sagas(&stage, since);
    let confirmed: Vec<Duration> = sagas.iter().flatten().copied().collect();
    load.orders = (sagas.len(), sagas.len() - confirmed.len());
    load.sagas = Percentiles::of(confirmed);
    Ok(())
}

/// Three times what the API lets through, and then what is usual again.
async fn overload(how: &Options, load: &mut Load) -> Result<(), LoadError> {
    let stage = Box::pin(Fixture::with_settings(&how.functions(), |builder| {
        builder
            .instances(INSTANCES)
            .parameter("AnalyticsWindowSeconds", "1")
            .parameter("ApiRequestsPerSecond", THROTTLE.to_string())
            .parameter("ApiBurst", THROTTLE.to_string())
            .parameter("ReadsPerMinute", ALLOWED.to_string())
    }))
    .await;
    let mut customers = Vec::with_capacity(CALLERS);
    for number in 0..CALLERS {
        customers.push(stage.shop.customer(&format!("caller{number}")).await);
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
    let scenarios = run(how, &stage, &callers, &plan).await?;
    let minutes = minute(SystemClock.now()) - begun + 1;
    let granted = scenarios.get("greedy").map_or(0, |greedy| greedy.good);
    load.greedy = (granted, ALLOWED * u64::try_from(minutes).unwrap_or(0));
    load.scenarios.extend(scenarios);
    Ok(())
}

/// Has k6 ask, and reads what came of it. The last of the callers is the greedy one.
async fn run(
    how: &Options,
    stage: &Fixture,
    callers: &[&TestUser],
    plan: &[Planned],
) -> Result<BTreeMap<String, Scenario>, LoadError> {
    let scenario = |(name, asks, rate, from, seconds): &Planned| {
        let how = json!({
            "executor": "constant-arrival-rate",
            "exec": asks,
            "rate": rate,
            "timeUnit": "1s",
            "startTime": format!("{from}s"),
            "duration": format!("{seconds}s"),
            "preAllocatedVUs": rate.div_ceil(4).max(10),
            "maxVUs": rate * 2,
            "gracefulStop": "5s",
        });
        ((*name).to_owned(), how)
    };
    let scenarios: serde_json::Map<_, _> = plan.iter().map(scenario).collect();
    let tokens: Vec<&str> = callers.iter().map(|caller| caller.token.as_str()).collect();
    let summary = summary_file();
    let ended = Command::new(how.k6.as_deref().unwrap_or_else(|| Path::new("k6")))
        .args(["run", "--quiet", "--no-usage-report"])
        .arg(test_support::workspace("bench/load/shop.js"))
        .env("PLAN", Value::Object(scenarios).to_string())
        .env("TOKENS", tokens.join(" "))
        .env("URL", stage.shop.stack().url())
        .env("PRODUCT", &stage.product)
        .env("SUMMARY", &summary)
        .status()
        .await?;
    eprintln!("[load] k6 {ended}");
    let metrics: Value = serde_json::from_slice(&std::fs::read(&summary)?)?;
    Ok(plan.iter().map(|planned| (planned.0.to_owned(), parse_summary(&metrics, planned))).collect())
}

fn summary_file() -> PathBuf {
    test_support::workspace("target/bench/k6.json")
}

fn parse_summary(metrics: &Value, (name, _, _, _, seconds): &Planned) -> Scenario {
    let values = |metric: &str, tags: &str| &metrics[format!("{metric}{{scenario:{name}{tags}}}")]["values"];
    let count = |metric: &str| values(metric, "")["count"].as_u64().unwrap_or_default();
    let took = |of: &str| milliseconds(&values("http_req_duration", ",expected_response:true")[of]);
    Scenario {
        seconds: *seconds,
        good: count("good"),
        shed: count("shed"),
        unclear: values("checks", "")["fails"].as_u64().unwrap_or_default(),
        bad: count("bad"),
        not_begun: count("dropped_iterations"),
        p50: took("p(50)"),
        p99: took("p(99)"),
    }
}

/// Milliseconds with a fraction, as microseconds.
fn milliseconds(value: &Value) -> u64 {
    let duration = value.as_f64().and_then(|millis| Duration::try_from_secs_f64(millis).ok());
    duration.map_or(0, |thousandfold| u64::try_from(thousandfold.as_millis()).unwrap_or(u64::MAX))
}

/// Of each order that was placed since then: how long it took until it was confirmed, if it is.
fn sagas(stage: &Fixture, since: Timestamp) -> Vec<Option<Duration>> {
    let items = stage.items();
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

/// A target, and what was measured: whether that is good enough, and how it is told.
type Measured = (&'static str, Option<(bool, String)>);

fn verdict((target, measured): Measured) -> TargetResult {
    let met = measured.as_ref().is_some_and(|(met, _)| *met);
    TargetResult { target, measured: measured.map(|(_, told)| told), met }
}

impl Load {
    fn scenario(&self, name: &str) -> Option<&Scenario> {
        self.scenarios.get(name)
    }

    /// Good answers a second, in hundredths, of reads and orders together.
    fn goodput(&self, phase: &str) -> Option<u64> {
        let (reads, orders) =
            (self.scenario(&format!("{phase}_reads"))?, self.scenario(&format!("{phase}_orders"))?);
        hundredths(reads.good + orders.good, reads.seconds)
    }

    /// Each target with how far it is met.
    #[must_use]
    pub fn verdicts(&self) -> Vec<TargetResult> {
        self.of_the_usual().into_iter().chain(self.of_too_much()).map(verdict).collect()
    }

    fn of_the_usual(&self) -> [Measured; 2] {
        let reads = self.scenario("reads").map(|reads| {
            let told = format!("{} ms, {} bad, {} not begun", millis(reads.p99), reads.bad, reads.not_begun);
            (reads.p99 <= 20_000 && reads.bad + reads.shed + reads.not_begun == 0, told)
        });
        let orders = self.scenario("orders").zip(self.sagas).map(|(orders, sagas)| {
            let (placed, left) = self.orders;
            let told =
                format!("{} ms, {} bad, {left} of {placed} unconfirmed", millis(sagas.p99), orders.bad);
            (sagas.p99 <= 2_000_000 && orders.bad + orders.shed + orders.not_begun == 0 && left == 0, told)
        });
        [
            ("300 cached reads a second for five minutes: p99 at most 20 ms, none fails", reads),
            ("30 orders a second beside them: confirmed within 2 s at p99, none fails", orders),
        ]
    }

    fn of_too_much(&self) -> [Measured; 4] {
        let goodput = self.goodput("peak").zip(self.goodput("overload")).and_then(|(peak, overload)| {
            let share = hundredths(overload, peak)?;
            let told = format!("{} × ({} of {} a second)", decimal(share), decimal(overload), decimal(peak));
            Some((share >= 80, told))
        });
        let after = self.scenario("recovered_reads").zip(self.scenario("recovered_orders"));
        let after = after.map(|(reads, orders)| {
            let (shed, bad) = (reads.shed + orders.shed, reads.bad + orders.bad);
            let told = format!("p99 {} ms, {shed} refused, {bad} bad", millis(reads.p99));
            (reads.p99 <= 20_000 && shed + bad == 0, told)
        });
        let (granted, allowed) = self.greedy;
        let greedy = self.scenario("greedy").map(|greedy| {
            let told = format!("{granted} of {allowed}, {} refused", greedy.shed);
            (granted <= allowed && greedy.shed > 0, told)
        });
        let unclear = self.scenarios.values().map(|scenario| scenario.unclear).sum::<u64>();
        let shed = self.scenarios.values().map(|scenario| scenario.shed).sum::<u64>();
        let clear = (shed > 0).then(|| (unclear == 0, format!("{unclear} of {shed} do not")));
        [
            ("three times what the API lets through: at least 0.80 × the good answers of the peak", goodput),
            ("ten seconds later: p99 of reads at most 20 ms, nothing refused, none fails", after),
            ("somebody who asks for more than they may, all the time: never granted more", greedy),
            ("refusals: each says what it is, those of functions when to come back", clear),
        ]
    }

    /// As a table, in Markdown.
    #[must_use]
    pub fn table(&self) -> String {
        let mut table = "| scenario | seconds | good | refused | bad | not begun | p50 | p99 |\n\
             |---|---:|---:|---:|---:|---:|---:|---:|\n"
            .to_owned();
        for (name, scenario) in &self.scenarios {
            let Scenario { seconds, good, shed, bad, not_begun, p50, p99, .. } = scenario;
            let (name, p50, p99) = (name.replace('_', ", "), millis(*p50), millis(*p99));
            let _ = writeln!(
                table,
                "| {name} | {seconds} | {good} | {shed} | {bad} | {not_begun} | {p50} | {p99} |"
            );
        }
        if let Some(sagas) = self.sagas {
            let (p50, p90, p99) = (millis(sagas.p50), millis(sagas.p90), millis(sagas.p99));
            let _ =
                writeln!(table, "\nFrom placing to confirmation: p50 {p50} ms, p90 {p90} ms, p99 {p99} ms.");
        }
        table
    }
}
