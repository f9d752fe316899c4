//! Runs the benchmarks that the command line selects.

use std::fmt::Write as _;
use std::io;
use std::process::ExitCode;
use std::time::Duration;

use crate::binary_size;
use crate::binary_size::Size;
use crate::build_comparison;
use crate::cli::{Cli, Options, Suite};
use crate::error::CommandError;
use crate::fixture::Fixture;
use crate::implementations::Implementation;
use crate::instructions::{self, RECORDED};
use crate::load;
use crate::markdown_section::{DocumentError, MarkedSection};
use crate::order_lifecycle::OrderLifecycle;
use crate::pricing::Prices;
use crate::request_counts::CostTable;
use crate::runner::{Runner, SimulatedLatency};
use crate::scaling;
use crate::series::{self, Effort};
use crate::statistics::{Record, Results};
use crate::targets::{Measurements, TargetResult};
use crate::workloads::{self, CACHED_PRODUCT, GET_ORDER};
use crate::{launcher, naive_comparison, operations, pricing, report, throughput};

/// Section with the requests of each operation.
pub const OPERATIONS: MarkedSection = MarkedSection { document: "docs/request-costs.md", name: "operations" };
/// Section with the requests of the lifecycle of an order.
pub const ORDER_LIFECYCLE_SECTION: MarkedSection =
    MarkedSection { document: "docs/request-costs.md", name: "order-lifecycle" };
/// Section with the comparison to the usual approach.
pub const NAIVE_COMPARISON: MarkedSection =
    MarkedSection { document: "docs/request-costs.md", name: "naive-comparison" };
/// Section with the rates at a given number of orders per month.
pub const THROUGHPUT: MarkedSection = MarkedSection { document: "docs/request-costs.md", name: "throughput" };
/// Section with the price of an order and of a read.
pub const BILL: MarkedSection = MarkedSection { document: "docs/request-costs.md", name: "bill" };
/// Section with the results of the load test.
pub const LOAD: MarkedSection = MarkedSection { document: "docs/performance.md", name: "load" };
/// Section with the results of the scaling benchmark.
pub const SCALING: MarkedSection = MarkedSection { document: "docs/performance.md", name: "scaling" };
/// Section with the most important results.
pub const SUMMARY: MarkedSection = MarkedSection { document: "README.md", name: "results" };
/// Section with the targets and times.
pub const TIMES: MarkedSection = MarkedSection { document: "docs/performance.md", name: "times" };

/// Outcome of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Every measured target is met.
    Met,
    /// At least one target is missed.
    Missed,
}

/// Prints an error to standard error.
#[must_use]
pub fn print_error(error: &CommandError) -> ExitCode {
    eprintln!("bench: {error}");
    ExitCode::from(2)
}

/// Runs the selected benchmarks.
///
/// # Errors
/// [`CommandError`].
pub async fn run(cli: Cli) -> Result<Outcome, CommandError> {
    let node = cli.options.node.as_deref().map(launcher::node).transpose()?;
    let options = &Options { node, ..cli.options };
    match &cli.suite {
        Some(Suite::Counts) => Box::pin(count(options)).await.map(|_| Outcome::Met),
        Some(Suite::Instructions) => Box::pin(count_instructions(options)).await,
        Some(Suite::Growth) => Box::pin(measure_scaling(options)).await,
        Some(Suite::Load) => Box::pin(load_test(options)).await,
        Some(Suite::Times) => Box::pin(measure_times(options)).await,
        Some(Suite::Builds { earlier }) => {
            let compared = Box::pin(build_comparison::measure(options, earlier)).await?;
            println!("{compared}");
            Ok(Outcome::Met)
        }
        None => {
            let outcomes = [
                Box::pin(measure_times(options)).await?,
                Box::pin(count_instructions(options)).await?,
                Box::pin(measure_scaling(options)).await?,
                Box::pin(load_test(options)).await?,
            ];
            Ok(if outcomes.contains(&Outcome::Missed) { Outcome::Missed } else { Outcome::Met })
        }
    }
}

/// Counts requests and capacity units.
async fn count(options: &Options) -> Result<(CostTable, OrderLifecycle), CommandError> {
    let bins = options.functions();
    let costs = Box::pin(operations::count(&bins)).await;
    let lifecycle = Box::pin(OrderLifecycle::measure(&bins, Duration::ZERO)).await;
    publish(options, OPERATIONS, &costs.table())?;
    publish(options, ORDER_LIFECYCLE_SECTION, &lifecycle.table())?;
    publish(options, THROUGHPUT, &throughput::table(&lifecycle))?;
    let fixture = Box::pin(Fixture::with_paused_streams(&bins)).await;
    publish(options, NAIVE_COMPARISON, &naive_comparison::table(&fixture, options).await?)?;
    Ok((costs, lifecycle))
}

/// Counts the instructions of a warm invocation, and compares them with the recorded counts.
async fn count_instructions(options: &Options) -> Result<Outcome, CommandError> {
    let counted = instructions::count(options).await?;
    let grown = instructions::grown(&counted, &RECORDED.read()?);
    publish(options, RECORDED, &instructions::table(&counted))?;
    for growth in &grown {
        eprintln!("bench: {growth}");
    }
    Ok(if grown.is_empty() { Outcome::Met } else { Outcome::Missed })
}

/// Runs the scaling benchmark.
async fn measure_scaling(options: &Options) -> Result<Outcome, CommandError> {
    let scaling = Box::pin(scaling::measure(options, &scaling::SIZES, &scaling::LENGTHS)).await?;
    let target_results = scaling.target_results();
    let (header, targets) = (header("make bench BENCH=growth"), report::target_results(&target_results));
    let chart =
        "![Requests, capacity units and p99 of each operation against the size of the table](growth.svg)";
    publish(options, SCALING, &format!("{header}\n\n{targets}\n{chart}\n\n{}", scaling.table()))?;
    if options.write {
        scaling.draw()?;
    }
    Ok(outcome(&target_results))
}

/// Runs the load test.
async fn load_test(options: &Options) -> Result<Outcome, CommandError> {
    let load = Box::pin(load::measure(options)).await?;
    let target_results = load.target_results();
    let (header, targets) = (header("make bench BENCH=load"), report::target_results(&target_results));
    publish(options, LOAD, &format!("{header}\n\n{targets}\n{}", load.table()))?;
    Ok(outcome(&target_results))
}

fn outcome(target_results: &[TargetResult]) -> Outcome {
    let missed = target_results.iter().any(|result| result.measured.is_some() && !result.met);
    if missed { Outcome::Missed } else { Outcome::Met }
}

/// Measures times, memory and sizes, and the request counts that have targets.
async fn measure_times(options: &Options) -> Result<Outcome, CommandError> {
    let (costs, lifecycle) = count(options).await?;
    let fixture = Box::pin(Fixture::with_paused_streams(&options.functions())).await;
    let results = Box::pin(series(&fixture, options)).await?;
    let runner = Runner::open(&fixture, options, SimulatedLatency::NONE)?;
    let peaks = binary_size::peaks(&fixture, &runner).await;
    runner.close().await;
    let stems = fixture.app.stack().deployment().functions.iter();
    let sizes = stems.map(|function| Size::of(&options.functions(), &function.stem));
    let sizes = sizes.collect::<io::Result<Vec<_>>>()?;
    let measurements = Measurements {
        results: &results,
        costs: &costs,
        lifecycle: &lifecycle,
        sizes: &sizes,
        peaks: &peaks,
    };
    let target_results = measurements.target_results();
    let mut text = format!("{}\n\n{}\n", header("make bench"), report::target_results(&target_results));
    let _ = writeln!(text, "{}\n{}", report::times(&results), report::footprints(&sizes, &peaks));
    publish(options, TIMES, &text)?;
    publish(options, SUMMARY, &report::summary(&results))?;
    let remote = Box::pin(OrderLifecycle::measure(
        &options.functions(),
        Duration::from_millis(SimulatedLatency::REGION.delay),
    ))
    .await;
    let series_of = |workload: &str| results.of(workload, Implementation::Ours, SimulatedLatency::REGION);
    if let Some((cached, shown)) = series_of(CACHED_PRODUCT.name).zip(series_of(GET_ORDER.name)) {
        publish(options, BILL, &pricing::table(&Prices::read()?, &costs, &remote, cached, shown))?;
    }
    Ok(outcome(&target_results))
}

/// Runs every workload at every latency; over TLS only cold starts, which TLS affects most.
async fn series(fixture: &Fixture, options: &Options) -> Result<Results, CommandError> {
    let record = Record::create()?;
    let mut results = Results::default();
    let effort = Effort::of(options);
    for latency in [SimulatedLatency::NONE, SimulatedLatency::REGION, SimulatedLatency::TLS] {
        let runner = Runner::open(fixture, options, latency)?;
        let effort = if latency.tls { Effort { warm: 0, ..effort } } else { effort };
        for workload in &workloads::ALL {
            for stats in series::run(workload, &[(fixture, &runner)], latency, effort).await {
                record.add(&stats)?;
                results.all.push(stats);
            }
            eprintln!("[times] {} at {latency}", workload.name);
        }
        runner.close().await;
    }
    eprintln!("[times] {}", record.path().display());
    Ok(results)
}

/// Prints results, and with `--write` writes them to their section.
fn publish(options: &Options, section: MarkedSection, content: &str) -> Result<(), DocumentError> {
    println!("{content}");
    if options.write { section.write(content) } else { Ok(()) }
}

/// Header of results: command, date and processor.
fn header(command: &str) -> String {
    let processors = std::thread::available_parallelism().map_or(0, usize::from);
    let text = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = text.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let model = model.map_or("an unknown processor", |(_, model)| model);
    let today = &local::system::clock::now().to_string()[..10];
    format!("`{command}`, {today}, {processors} × {model}")
}
