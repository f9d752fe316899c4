//! Rates per second at a given number of orders per month: the cost of an order, multiplied.

use std::fmt::Write as _;

use shared::domain::market::status_copy::STATUS_COPIES;
use shared::kit::aws::dynamodb::schema::OUTBOX_SHARDS;

use crate::order_lifecycle::OrderLifecycle;
use crate::request_counts::Cost;
use crate::statistics::decimal;

/// Orders per month.
const MONTHLY: [u64; 4] = [1_000_000, 10_000_000, 100_000_000, 1_000_000_000];
/// Seconds in a month of thirty days.
const MONTH_SECONDS: u64 = 30 * 24 * 60 * 60;
/// Ratio of the rate in the busiest hour to the average rate.
const PEAK_FACTOR: u64 = 5;
/// Write units per second of a partition.
const PARTITION_UNITS: u32 = 1_000;
/// Write units of the check of a market's status in the transaction of an order.
const CHECK_UNITS: u32 = 2;
/// Write units of an event in the outbox: two for the transactional write, one for the deletion.
const OUTBOX_UNITS: u64 = 3;
/// Write units of the relay for an event: one for its deletion from the outbox, one for its entry in the event log,
/// and one for the entry in the index.
const RELAY_UNITS: u64 = 3;

/// Markdown table of the rates.
#[must_use]
pub fn table(lifecycle: &OrderLifecycle) -> String {
    let cost = lifecycle.cost();
    let relay = lifecycle.parts.iter().find(|part| part.function == "stream-outbox-relay");
    let written = relay.map_or(0, |part| (part.before.written + part.after.written).as_half_units());
    let events = written / RELAY_UNITS;
    let emails = cost.requests.get("SendEmail").copied().unwrap_or_default() * 2;
    // Label, halves per order, and the number of partitions that share them.
    let rows = [
        ("orders", 2, 1),
        ("read units", cost.read.as_half_units(), 1),
        ("write units", cost.written.as_half_units(), 1),
        ("write units per outbox partition", events * OUTBOX_UNITS, u64::from(OUTBOX_SHARDS)),
        ("requests to DynamoDB", 2 * dynamodb_requests(&cost), 1),
        ("e-mails", emails, 1),
    ];
    let mut table = "| per second, in the busiest hour |".to_owned();
    for monthly in MONTHLY {
        let _ = write!(table, " 10^{} orders per month |", monthly.ilog10());
    }
    table.push_str("\n|---|---:|---:|---:|---:|\n");
    for (label, halves, shared_by) in rows {
        let _ = write!(table, "| {label} |");
        for monthly in MONTHLY {
            let hundredths = monthly * PEAK_FACTOR * halves * 50 / (MONTH_SECONDS * shared_by);
            let _ = write!(table, " {} |", decimal(hundredths));
        }
        table.push('\n');
    }
    let orders = STATUS_COPIES * PARTITION_UNITS / CHECK_UNITS;
    let _ = writeln!(
        table,
        "\nOrders of one market: at most {orders} per second by the write units of the {STATUS_COPIES} copies of its \
         status, and fewer with conflicts."
    );
    table
}

fn dynamodb_requests(cost: &Cost) -> u64 {
    let operations = ["BatchGetItem", "BatchWriteItem", "Query", "TransactWriteItems", "UpdateItem"];
    operations.iter().filter_map(|operation| cost.requests.get(*operation)).sum()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::time::Duration;

    use local::faults::CapacityUnits;

    use super::*;
    use crate::order_lifecycle::FunctionShare;

    #[test]
    fn cost_of_an_order_is_multiplied_and_divided_by_partitions() {
        let relay = Cost {
            requests: BTreeMap::from([("BatchWriteItem".to_owned(), 3)]),
            read: CapacityUnits::default(),
            written: CapacityUnits::from_half_units(96),
        };
        let part = FunctionShare {
            function: "stream-outbox-relay".to_owned(),
            before: relay,
            after: Cost::default(),
            invocations: 1,
            busy: Duration::ZERO,
            memory: 256,
        };
        let table = table(&OrderLifecycle { parts: vec![part] });
        assert!(table.contains("| orders | 1.92 | 19.29 | 192.90 | 1929.01 |"), "{table}");
        assert!(table.contains("| write units | 92.59 | 925.92 | 9259.25 | 92592.59 |"), "{table}");
        assert!(
            table.contains("| write units per outbox partition | 5.78 | 57.87 | 578.70 | 5787.03 |"),
            "{table}"
        );
        assert!(table.contains("Orders of one market: at most 4000 per second by"), "{table}");
        assert!(table.contains("| requests to DynamoDB | 5.78 | 57.87 | 578.70 | 5787.03 |"), "{table}");
    }
}
