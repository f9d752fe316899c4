//! Price of an order and of a read: their requests and units, multiplied by the prices in the document.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::markdown_section::{DocumentError, MarkedSection};
use crate::order_lifecycle::OrderLifecycle;
use crate::request_counts::{Cost, CostTable};
use crate::statistics::{SeriesStats, micros};

/// Section with the prices, which is maintained by hand.
pub const PRICES: MarkedSection = MarkedSection { document: "docs/request-costs.md", name: "prices" };

/// Price of a million units, in ten-thousandths of a dollar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Price(u64);

/// Price of each billed item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prices(BTreeMap<String, Price>);

/// Error while reading the prices.
#[derive(Debug, thiserror::Error)]
pub enum PriceError {
    /// The document cannot be read.
    #[error(transparent)]
    Document(#[from] DocumentError),
    /// A billed item has no price.
    #[error("docs/request-costs.md has no price of `{0}`")]
    Missing(&'static str),
}

/// Names of the billed items in the document.
const BILLED_ITEMS: [&str; 7] = [
    "HTTP API request",
    "Lambda invocation",
    "Lambda GB-ms",
    "read unit",
    "write unit",
    "SQS request",
    "e-mail",
];

impl Prices {
    /// Reads the prices from the document.
    ///
    /// # Errors
    /// [`PriceError`].
    pub fn read() -> Result<Self, PriceError> {
        Self::parse(&PRICES.read()?)
    }

    fn parse(table: &str) -> Result<Self, PriceError> {
        let row = |line: &str| {
            let mut cells = line.split('|').map(str::trim).skip(1);
            let (name, price) = (cells.next()?, cells.next()?);
            Some((name.to_owned(), Price::parse(price)?))
        };
        let prices: BTreeMap<String, Price> = table.lines().filter_map(row).collect();
        match BILLED_ITEMS.into_iter().find(|name| !prices.contains_key(*name)) {
            None => Ok(Self(prices)),
            Some(missing) => Err(PriceError::Missing(missing)),
        }
    }

    /// Price of a million times `cost`, in dollars.
    #[must_use]
    pub fn of(&self, cost: &Cost) -> String {
        self.total(&Bill::of(cost)).in_dollars()
    }

    /// Total of a bill.
    fn total(&self, bill: &Bill) -> Price {
        let price = |name| self.0.get(name).map_or(0, |price| price.0);
        Price(bill.items().into_iter().map(|(name, thousandths)| price(name) * thousandths / 1_000).sum())
    }
}

impl Price {
    /// Parses a number with at most four decimals.
    fn parse(text: &str) -> Option<Self> {
        let (whole, part) = text.split_once('.').unwrap_or((text, ""));
        let digits = format!("{part:0<4}");
        let exact = digits.len() == 4;
        let (whole, part): (u64, u64) = (whole.parse().ok()?, digits.parse().ok()?);
        exact.then(|| Self(whole * 10_000 + part))
    }

    fn in_dollars(self) -> String {
        format!("{}.{:02}", self.0 / 10_000, self.0 % 10_000 / 100)
    }
}

/// Billed quantities of one operation, in thousandths.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Bill {
    http: u64,
    invocations: u64,
    gigabyte_milliseconds: u64,
    read: u64,
    written: u64,
    sqs: u64,
    emails: u64,
}

/// SQS requests of Lambda for each batch: one to receive it and one to delete it.
const POLL_REQUESTS: u64 = 2;

impl Bill {
    fn items(&self) -> [(&'static str, u64); BILLED_ITEMS.len()] {
        let [http, invocations, gigabytes, read, written, sqs, emails] = BILLED_ITEMS;
        [
            (http, self.http),
            (invocations, self.invocations),
            (gigabytes, self.gigabyte_milliseconds),
            (read, self.read),
            (written, self.written),
            (sqs, self.sqs),
            (emails, self.emails),
        ]
    }

    /// Requests to services and capacity units.
    fn of(cost: &Cost) -> Self {
        let sent = |name: &str| cost.requests.get(name).copied().unwrap_or_default() * 1_000;
        let sqs = ["SendMessage", "SendMessageBatch", "ChangeMessageVisibilityBatch"].map(sent);
        Self {
            read: cost.read.as_half_units() * 500,
            written: cost.written.as_half_units() * 500,
            sqs: sqs.into_iter().sum(),
            emails: sent("SendEmail"),
            ..Self::default()
        }
    }

    /// HTTP request whose function takes `micros` microseconds.
    fn of_request(cost: &Cost, micros: u64, memory: u64) -> Self {
        let own = Self { http: 1_000, invocations: 1_000, ..Self::of(cost) };
        Self { gigabyte_milliseconds: gigabyte_milliseconds(micros, 1, memory), ..own }
    }

    /// Complete lifecycle of an order.
    fn of_lifecycle(lifecycle: &OrderLifecycle) -> Self {
        let mut bill = Self { http: 1_000, ..Self::of(&lifecycle.cost()) };
        for part in &lifecycle.parts {
            bill.invocations += part.invocations * 1_000;
            bill.gigabyte_milliseconds +=
                gigabyte_milliseconds(micros(part.busy), part.invocations, u64::from(part.memory));
            if part.function.starts_with("queue-") {
                bill.sqs += part.invocations * POLL_REQUESTS * 1_000;
            }
        }
        bill
    }
}

/// Thousandths of GB-ms. Invocations are billed in whole milliseconds, so that each adds at most one.
fn gigabyte_milliseconds(micros: u64, invocations: u64, memory: u64) -> u64 {
    (micros / 1_000 + invocations) * memory * 1_000 / 1_024
}

/// Markdown table of the price of a cached read, of a read of an order, and of the lifecycle of an order.
#[must_use]
pub fn table(
    prices: &Prices,
    costs: &CostTable,
    lifecycle: &OrderLifecycle,
    cached: &SeriesStats,
    shown: &SeriesStats,
) -> String {
    let memory = lifecycle.parts.first().map_or(0, |part| u64::from(part.memory));
    let request = |name: &str, stats: &SeriesStats| {
        let cost = costs.entry(name).map(|entry| entry.cost.clone()).unwrap_or_default();
        Bill::of_request(&cost, stats.warm.map_or(0, |warm| warm.p50), memory)
    };
    let bills = [
        request("show a cached product", cached),
        request("show an order", shown),
        Bill::of_lifecycle(lifecycle),
    ];
    let mut table = "| | show a cached product | show an order | complete lifecycle of an order |\n\
         |---|---:|---:|---:|\n"
        .to_owned();
    for (row, name) in BILLED_ITEMS.into_iter().enumerate() {
        let [one, two, three] = bills.map(|bill| thousandths(bill.items()[row].1));
        let _ = writeln!(table, "| {name} | {one} | {two} | {three} |");
    }
    let [one, two, three] = bills.map(|bill| prices.total(&bill).in_dollars());
    let _ = writeln!(table, "| USD per million | {one} | {two} | {three} |");
    table
}

fn thousandths(count: u64) -> String {
    if count.is_multiple_of(1_000) {
        (count / 1_000).to_string()
    } else {
        format!("{}.{}", count / 1_000, count % 1_000 / 100)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documented_prices_are_complete_and_a_bill_is_their_sum() {
        let prices = Prices::read().unwrap();
        let bill = Bill { read: 500, written: 2_000, ..Bill::default() };
        let (read, written) = (prices.0["read unit"].0, prices.0["write unit"].0);
        assert_eq!(prices.total(&bill), Price(read / 2 + written * 2));
        assert_eq!(Price::parse("0.6250"), Some(Price(6_250)));
        assert_eq!(Price::parse("13.3334").map(Price::in_dollars).as_deref(), Some("13.33"));
        assert_eq!((Price::parse("0.62501"), Price::parse("free")), (None, None));
        assert!(Prices::parse("| read unit | 1 |").is_err());
    }

    #[test]
    fn invocations_are_billed_in_whole_milliseconds() {
        assert_eq!(gigabyte_milliseconds(2_500, 1, 1_024), 3_000);
        assert_eq!(gigabyte_milliseconds(0, 4, 256), 1_000);
    }
}
