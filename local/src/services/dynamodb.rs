//! The embedded DynamoDB: dynoxide in this process, with the template's tables, served over HTTP for the functions'
//! SDK.

use std::{
    net::SocketAddr,
    path::Path,
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use dynoxide::{
    Database as Engine, DynoxideError, ImportOptions, Item,
    actions::{
        create_table::CreateTableRequest,
        describe_stream::DescribeStreamRequest,
        describe_table::DescribeTableRequest,
        get_records::{GetRecordsRequest, Record},
        get_shard_iterator::GetShardIteratorRequest,
        update_time_to_live::{TimeToLiveSpecification, UpdateTimeToLiveRequest},
    },
};
use tokio::{net::TcpListener, task::JoinSet};

use crate::system::shutdown::Shutdown;
use crate::system::{arn, clock};
use crate::template::Table;

/// How often expired items are looked for. DynamoDB takes up to days; nothing may rely on the moment.
const TTL_PERIOD: Duration = Duration::from_secs(30);

/// Why the embedded DynamoDB cannot run.
#[derive(Debug, thiserror::Error)]
pub enum DatabaseError {
    /// It cannot be opened.
    #[error("cannot open the database {name}: {source}")]
    Open {
        /// The file, or the name of a database in memory.
        name: String,
        /// What the engine says.
        source: DynoxideError,
    },
    /// The records of its streams cannot be indexed.
    #[error("cannot index the streams of the database {name}: {source}")]
    Index {
        /// The file, or the name of a database in memory.
        name: String,
        /// What the engine below says.
        source: rusqlite::Error,
    },
    /// A table of the template cannot be created.
    #[error("cannot create the table `{table}`: {source}")]
    Create {
        /// Name of the table.
        table: String,
        /// What the engine says.
        source: DynoxideError,
    },
    /// The definition of a table is not one that DynamoDB takes.
    #[error("the definition of the table `{table}` is not valid: {source}")]
    Definition {
        /// Name of the table.
        table: String,
        /// What is wrong.
        source: serde_json::Error,
    },
}

/// The embedded DynamoDB. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Database {
    engine: Engine,
}

impl Database {
    /// Opens the database and creates the tables that are not there yet.
    pub(crate) fn open(path: Option<&Path>, tables: &[Table]) -> Result<Self, DatabaseError> {
        let name = path.map_or_else(in_memory, |path| path.to_string_lossy().into_owned());
        let engine =
            Engine::new(&name).map_err(|source| DatabaseError::Open { name: name.clone(), source })?;
        let database = Self { engine };
        index_streams(&name).map_err(|source| DatabaseError::Index { name, source })?;
        for table in tables {
            database.ensure(table)?;
        }
        Ok(database)
    }

    fn ensure(&self, table: &Table) -> Result<(), DatabaseError> {
        let describe = DescribeTableRequest { table_name: table.name.clone() };
        if self.engine.describe_table(describe).is_ok() {
            return Ok(());
        }
        let failed = |source| DatabaseError::Create { table: table.name.clone(), source };
        let request: CreateTableRequest = serde_json::from_value(table.create.clone())
            .map_err(|source| DatabaseError::Definition { table: table.name.clone(), source })?;
        self.engine.create_table(request).map_err(failed)?;
        if let Some(attribute) = &table.time_to_live {
            let request = UpdateTimeToLiveRequest {
                table_name: table.name.clone(),
                time_to_live_specification: TimeToLiveSpecification {
                    attribute_name: attribute.clone(),
                    enabled: true,
                },
            };
            self.engine.update_time_to_live(request).map_err(failed)?;
        }
        Ok(())
    }

    /// Serves the database and lets expired items go until the stack stops.
    pub(crate) fn serve(
        &self,
        listener: TcpListener,
        stop: &Shutdown,
        tasks: &mut JoinSet<()>,
    ) -> Option<SocketAddr> {
        let address = listener.local_addr().ok()?;
        let (engine, stopped) = (self.engine.clone(), stop.clone());
        tasks.spawn(async move {
            // Fails only if the listener does; the functions' calls then fail as well and say so.
            let _ =
                dynoxide::server::serve_with_shutdown(listener, engine, async move { stopped.wait().await })
                    .await;
        });
        let (engine, stop) = (self.engine.clone(), stop.clone());
        tasks.spawn(async move {
            loop {
                tokio::select! {
                    () = clock::sleep(TTL_PERIOD) => {}
                    () = stop.wait() => return,
                }
                let engine = engine.clone();
                let _ = tokio::task::spawn_blocking(move || engine.sweep_ttl()).await;
            }
        });
        Some(address)
    }

    /// The one shard that the engine keeps for a table's stream.
    pub(crate) fn shard(&self, table: &str) -> Option<String> {
        let request = DescribeStreamRequest { stream_arn: arn::stream_arn(table), ..Default::default() };
        let description = self.engine.describe_stream(request).ok()?.stream_description;
        description.shards.into_iter().next().map(|shard| shard.shard_id)
    }

    /// An iterator at the beginning of a shard, at its end, or behind a sequence number.
    pub(crate) fn iterator(&self, table: &str, shard: &str, from: &From) -> Result<String, DynoxideError> {
        let (kind, number) = match from {
            From::TrimHorizon => ("TRIM_HORIZON", None),
            From::Latest => ("LATEST", None),
            From::After(number) => ("AFTER_SEQUENCE_NUMBER", Some(number.clone())),
        };
        let request = GetShardIteratorRequest {
            stream_arn: arn::stream_arn(table),
            shard_id: shard.to_owned(),
            shard_iterator_type: kind.to_owned(),
            sequence_number: number,
        };
        Ok(self.engine.get_shard_iterator(request)?.shard_iterator.unwrap_or_default())
    }

    /// Writes items past the stream: all of them, or none.
    pub(crate) fn import(&self, table: &str, items: Vec<Item>) -> Result<(), DynoxideError> {
        self.engine.import_items(table, items, ImportOptions::default()).map(drop)
    }

    /// Records at an iterator, and the iterator behind them.
    pub(crate) fn records(
        &self,
        iterator: &str,
        limit: usize,
    ) -> Result<(Vec<Record>, String), DynoxideError> {
        let request = GetRecordsRequest { shard_iterator: iterator.to_owned(), limit: Some(limit) };
        let response = self.engine.get_records(request)?;
        Ok((response.records, response.next_shard_iterator.unwrap_or_default()))
    }
}

/// A name for a database in memory under which a second connection reaches it; it is gone with the last of them.
fn in_memory() -> String {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    format!("file:agora-{}?mode=memory&cache=shared", NEXT.fetch_add(1, Ordering::Relaxed))
}

/// The engine gives a record of a stream the number after the largest that there is, and hands records out by number. It
/// looks at every record for either: each write takes longer than the one before, unless numbers are in order somewhere.
fn index_streams(name: &str) -> rusqlite::Result<()> {
    rusqlite::Connection::open(name)?.execute_batch(
        "CREATE INDEX IF NOT EXISTS stream_records_by_number \
         ON _stream_records (table_name, CAST(sequence_number AS INTEGER))",
    )
}

/// Where to read a stream from.
#[derive(Clone, Debug)]
pub(crate) enum From {
    TrimHorizon,
    Latest,
    After(String),
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use dynoxide::AttributeValue;
    use serde_json::json;

    use super::*;

    fn table() -> Table {
        let create = json!({
            "TableName": "records",
            "AttributeDefinitions": [{ "AttributeName": "pk", "AttributeType": "S" }],
            "KeySchema": [{ "AttributeName": "pk", "KeyType": "HASH" }],
            "BillingMode": "PAY_PER_REQUEST",
            "StreamSpecification": { "StreamEnabled": true, "StreamViewType": "NEW_IMAGE" },
        });
        Table {
            logical_id: "Records".to_owned(),
            name: "records".to_owned(),
            create,
            time_to_live: None,
            stream: true,
        }
    }

    fn item(n: u32) -> Item {
        Item::from([("pk".to_owned(), AttributeValue::S(n.to_string()))])
    }

    /// How long it takes to write twenty items, each by itself.
    fn twenty_writes(database: &Database) -> Duration {
        let since = Instant::now();
        for n in 0..20 {
            let request = json!({ "TableName": "records", "Item": item(n) });
            database.engine.put_item(serde_json::from_value(request).unwrap()).unwrap();
        }
        since.elapsed()
    }

    #[test]
    fn a_write_takes_as_long_as_ever_however_many_records_the_stream_has() {
        let database = Database::open(None, &[table()]).unwrap();
        let fastest = || (0..5).map(|_| twenty_writes(&database)).min().unwrap();
        let first = fastest();
        let options = ImportOptions { record_streams: true, ..ImportOptions::default() };
        database.engine.import_items("records", (0..20_000).map(item).collect(), options).unwrap();
        let last = fastest();
        assert!(last < first * 8, "twenty writes took {first:?}, and behind 20,000 records {last:?}");
    }
}
