//! What orders come to in a second, where there are more and more of them: what an order takes, multiplied.

use std::fmt::Write as _;

use shared::kit::aws::dynamodb::schema::OUTBOX_SHARDS;

use crate::order_lifecycle::OrderLifecycle;
use crate::request_counts::Cost;
use crate::statistics::decimal;

/// Orders in a month.
const MONTHLY: [u64; 4] = [1_000_000, 10_000_000, 100_000_000, 1_000_000_000];
/// Seconds in a month of thirty days.
const MONTH: u64 = 30 * 24 * 60 * 60;
/// How many times the average the busiest hour has.
const BUSIEST: u64 = 5;
/// Units that an event takes in the outbox: two to be written in a transaction, one to be removed.
const OUTBOX_UNITS: u64 = 3;

/// As a table, in Markdown.
#[must_use]
pub fn table(journey: &OrderLifecycle) -> String {
    let cost = journey.cost();
    let relay = journey.parts.iter().find(|part| part.function == "stream-outbox-relay");
    // Each unit that the relay takes is an event that it removes.
    let events = relay.map_or(0, |part| (part.before.written + part.after.written).in_halves());
    let emails = cost.requests.get("SendEmail").copied().unwrap_or_default() * 2;
    // Each in halves, for an order.
    let rows = [
        ("orders", 2, 1),
        ("read units", cost.read.in_halves(), 1),
        ("write units", cost.written.in_halves(), 1),
        ("write units in each partition of the outbox", events * OUTBOX_UNITS, u64::from(OUTBOX_SHARDS)),
        ("requests to DynamoDB", 2 * to_the_table(&cost), 1),
        ("e-mails", emails, 1),
    ];
    let mut table = "| a second, in the busiest hour |".to_owned();
    for monthly in MONTHLY {
        let _ = write!(table, " 10^{} orders a month |", monthly.ilog10());
    }
    table.push_str("\n|---|---:|---:|---:|---:|\n");
    for (what, halves, shared_by) in rows {
        let _ = write!(table, "| {what} |");
        for monthly in MONTHLY {
            let hundredths = monthly * BUSIEST * halves * 50 / (MONTH * shared_by);
            let _ = write!(table, " {} |", decimal(hundredths));
        }
        table.push('\n');
    }
    table
}

fn to_the_table(cost: &Cost) -> u64 {
    let operations = ["BatchGetItem", "BatchWriteItem", "Query", "TransactWriteItems", "UpdateItem"];
    operations.iter().filter_map(|operation| cost.requests.get(*operation)).sum()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::time::Duration;

    use local::faults::Units;

    use super::*;
    use crate::order_lifecycle::FunctionShare;

    #[test]
    fn what_an_order_takes_is_multiplied_and_what_partitions_share_divided() {
        let relay = Cost {
            requests: BTreeMap::from([("BatchWriteItem".to_owned(), 3)]),
            read: Units::default(),
            written: Units::halves(32),
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
        assert!(table.contains("| write units | 30.86 | 308.64 | 3086.41 | 30864.19 |"), "{table}");
        assert!(
            table.contains(
                "| write units in each partition of the outbox | 5.78 | 57.87 | 578.70 | 5787.03 |"
            ),
            "{table}"
        );
        assert!(table.contains("| requests to DynamoDB | 5.78 | 57.87 | 578.70 | 5787.03 |"), "{table}");
    }
}
