//! What the command line asks for, done.

use std::fmt::Write as _;
use std::io;
use std::process::ExitCode;
use std::time::Duration;

use local::faults::TlsError;

use crate::binary_size;
use crate::binary_size::Size;
use crate::cli::{Cli, Options, Suite};
use crate::fixture::Fixture;
use crate::implementations::Implementation;
use crate::instructions::{self, InstructionsError, RECORDED};
use crate::load::{self, LoadError};
use crate::markdown_section::{DocumentError, MarkedSection};
use crate::order_lifecycle::OrderLifecycle;
use crate::pricing::{PriceError, Prices};
use crate::request_counts::CostTable;
use crate::runner::{Runner, SimulatedLatency};
use crate::scaling;
use crate::scaling::{ChartError, GrowthError};
use crate::series::{self, Effort};
use crate::statistics::{Record, Results};
use crate::targets::{Measurements, TargetResult};
use crate::workloads::{self, CACHED_PRODUCT, GET_ORDER};
use crate::{launcher, naive_comparison, operations, pricing, report, throughput};

/// Where the requests of each operation stand.
pub const OPERATIONS: MarkedSection = MarkedSection { document: "docs/request-costs.md", name: "operations" };
/// Where the requests of an order's way stand.
pub const ORDER_LIFECYCLE_SECTION: MarkedSection =
    MarkedSection { document: "docs/request-costs.md", name: "way" };
/// Where it stands what the same work takes elsewhere.
pub const USUAL: MarkedSection = MarkedSection { document: "docs/request-costs.md", name: "usual" };
/// Where it stands what many orders come to.
pub const SCALE: MarkedSection = MarkedSection { document: "docs/request-costs.md", name: "scale" };
/// Where it stands what is paid.
pub const PAID: MarkedSection = MarkedSection { document: "docs/request-costs.md", name: "paid" };
/// Where it stands what a load does.
pub const LOAD: MarkedSection = MarkedSection { document: "docs/performance.md", name: "load" };
/// Where it stands what growth changes.
pub const GROWTH: MarkedSection = MarkedSection { document: "docs/performance.md", name: "growth" };
/// Where the figures stand that matter most.
pub const SUMMARY: MarkedSection = MarkedSection { document: "README.md", name: "figures" };
/// Where the targets and times stand.
pub const TIMES: MarkedSection = MarkedSection { document: "docs/performance.md", name: "times" };

/// How it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Every target that was measured is met.
    Met,
    /// One is not.
    Missed,
}

/// Why it did not come to an end.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// A document has no place for the figures.
    #[error(transparent)]
    Document(#[from] DocumentError),
    /// Growth cannot be measured.
    #[error(transparent)]
    Growth(#[from] GrowthError),
    /// The chart cannot be drawn.
    #[error(transparent)]
    Chart(#[from] ChartError),
    /// There is no load.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// Instructions cannot be counted.
    #[error(transparent)]
    Instructions(#[from] InstructionsError),
    /// Nothing can be priced.
    #[error(transparent)]
    Price(#[from] PriceError),
    /// There is to be TLS, and is none.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The record cannot be written, or a binary not be read.
    #[error(transparent)]
    File(#[from] io::Error),
}

/// Says what is wrong, on the standard error.
#[must_use]
pub fn print_error(error: &CommandError) -> ExitCode {
    eprintln!("bench: {error}");
    ExitCode::from(2)
}

/// Does what the command line asks for.
///
/// # Errors
/// [`CommandError`].
pub async fn run(cli: Cli) -> Result<Outcome, CommandError> {
    let node = cli.how.node.as_deref().map(launcher::node).transpose()?;
    let how = &Options { node, ..cli.how };
    match cli.what {
        Some(Suite::Counts) => Box::pin(count(how)).await.map(|_| Outcome::Met),
        Some(Suite::Instructions) => Box::pin(instruct(how)).await,
        Some(Suite::Growth) => Box::pin(grow(how)).await,
        Some(Suite::Load) => Box::pin(load_shop(how)).await,
        Some(Suite::Times) => Box::pin(time(how)).await,
        None => {
            let outcomes = [
                Box::pin(time(how)).await?,
                Box::pin(instruct(how)).await?,
                Box::pin(grow(how)).await?,
                Box::pin(load_shop(how)).await?,
            ];
            Ok(if outcomes.contains(&Outcome::Missed) { Outcome::Missed } else { Outcome::Met })
        }
    }
}

/// Requests and capacity of everything.
async fn count(how: &Options) -> Result<(CostTable, OrderLifecycle), CommandError> {
    let bins = how.functions();
    let book = Box::pin(operations::count(&bins)).await;
    let journey = Box::pin(OrderLifecycle::watch(&bins, Duration::ZERO)).await;
    publish(how, OPERATIONS, &book.table())?;
    publish(how, ORDER_LIFECYCLE_SECTION, &journey.table())?;
    publish(how, SCALE, &throughput::table(&journey))?;
    let stage = Box::pin(Fixture::with_paused_streams(&bins)).await;
    publish(how, USUAL, &naive_comparison::table(&stage, how).await?)?;
    Ok((book, journey))
}

/// Instructions of a warm invocation, held against those that are recorded.
async fn instruct(how: &Options) -> Result<Outcome, CommandError> {
    let stage = Box::pin(Fixture::with_paused_streams(&how.functions())).await;
    let counted = instructions::count(&stage, how).await?;
    let grown = instructions::grown(&counted, &RECORDED.read()?);
    publish(how, RECORDED, &instructions::table(&counted))?;
    for one in &grown {
        eprintln!("bench: {one}");
    }
    Ok(if grown.is_empty() { Outcome::Met } else { Outcome::Missed })
}

/// The same work on more and more items.
async fn grow(how: &Options) -> Result<Outcome, CommandError> {
    let growth = Box::pin(scaling::measure(how, &scaling::SIZES, &scaling::LENGTHS)).await?;
    let verdicts = growth.verdicts();
    let (made, verdicts_told) = (machine("make bench BENCH=growth"), report::verdicts(&verdicts));
    let chart =
        "![Requests, capacity units and p99 of each operation against the size of the table](growth.svg)";
    publish(how, GROWTH, &format!("{made}\n\n{verdicts_told}\n{chart}\n\n{}", growth.table()))?;
    if how.write {
        growth.draw()?;
    }
    Ok(outcome(&verdicts))
}

/// Many requests at once.
async fn load_shop(how: &Options) -> Result<Outcome, CommandError> {
    let load = Box::pin(load::measure(how)).await?;
    let verdicts = load.verdicts();
    let (made, told) = (machine("make bench BENCH=load"), report::verdicts(&verdicts));
    publish(how, LOAD, &format!("{made}\n\n{told}\n{}", load.table()))?;
    Ok(outcome(&verdicts))
}

fn outcome(verdicts: &[TargetResult]) -> Outcome {
    let missed = verdicts.iter().any(|verdict| verdict.measured.is_some() && !verdict.met);
    if missed { Outcome::Missed } else { Outcome::Met }
}

/// Times, memory and size, with the counts that the targets speak of as well.
async fn time(how: &Options) -> Result<Outcome, CommandError> {
    let (book, journey) = count(how).await?;
    let stage = Box::pin(Fixture::with_paused_streams(&how.functions())).await;
    let results = Box::pin(series(&stage, how)).await?;
    let theatre = Runner::open(&stage, how, SimulatedLatency::NONE)?;
    let peaks = binary_size::peaks(&stage, &theatre).await;
    theatre.close().await;
    let stems = stage.shop.stack().deployment().functions.iter();
    let sizes = stems.map(|function| Size::of(&how.functions(), &function.stem));
    let sizes = sizes.collect::<io::Result<Vec<_>>>()?;
    let evidence =
        Measurements { results: &results, book: &book, journey: &journey, sizes: &sizes, peaks: &peaks };
    let verdicts = evidence.verdicts();
    let mut told = format!("{}\n\n{}\n", machine("make bench"), report::verdicts(&verdicts));
    let _ = writeln!(told, "{}\n{}", report::times(&results), report::footprints(&sizes, &peaks));
    publish(how, TIMES, &told)?;
    publish(how, SUMMARY, &report::summary(&results))?;
    let far = Box::pin(OrderLifecycle::watch(
        &how.functions(),
        Duration::from_millis(SimulatedLatency::REGION.delay),
    ))
    .await;
    let of = |workload: &str| results.of(workload, Implementation::Ours, SimulatedLatency::REGION);
    if let Some(reads) = of(CACHED_PRODUCT.name).zip(of(GET_ORDER.name)) {
        publish(how, PAID, &pricing::table(&Prices::read()?, (&book, &far), reads))?;
    }
    Ok(outcome(&verdicts))
}

/// Every workload at every distance; over TLS only cold starts, which it changes most.
async fn series(stage: &Fixture, how: &Options) -> Result<Results, CommandError> {
    let record = Record::begin()?;
    let mut results = Results::default();
    let effort = Effort::of(how);
    for distance in [SimulatedLatency::NONE, SimulatedLatency::REGION, SimulatedLatency::TLS] {
        let theatre = Runner::open(stage, how, distance)?;
        let effort = if distance.tls { Effort { warm: 0, ..effort } } else { effort };
        for workload in &workloads::ALL {
            for figures in series::run(workload, &[(stage, &theatre)], distance, effort).await {
                record.add(&figures)?;
                results.all.push(figures);
            }
            eprintln!("[times] {} at {distance}", workload.name);
        }
        theatre.close().await;
    }
    eprintln!("[times] {}", record.path().display());
    Ok(results)
}

/// Prints figures, and puts them into their document if that is asked for.
fn publish(how: &Options, place: MarkedSection, figures: &str) -> Result<(), DocumentError> {
    println!("{figures}");
    if how.write { place.write(figures) } else { Ok(()) }
}

/// What it was measured on, and when.
fn machine(command: &str) -> String {
    let processors = std::thread::available_parallelism().map_or(0, usize::from);
    let text = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = text.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let model = model.map_or("an unknown processor", |(_, model)| model);
    let today = &local::system::clock::now().to_string()[..10];
    format!("`{command}`, {today}, {processors} × {model}")
}
