//! Embedded DynamoDB: runs dynoxide in this process with the template's tables, and serves it over HTTP.

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
use tokio_util::sync::CancellationToken;

use crate::system::{arn, clock};
use crate::template::Table;

/// Interval at which expired items are deleted. AWS takes up to days, so no code may rely on the time of
/// deletion.
const TTL_SWEEP_INTERVAL: Duration = Duration::from_secs(30);

/// Failure to start the embedded DynamoDB.
#[derive(Debug, thiserror::Error)]
pub enum DatabaseError {
    /// The database cannot be opened.
    #[error("cannot open the database {name}: {source}")]
    Open {
        /// Path of the file, or name of the in-memory database.
        name: String,
        /// Cause.
        source: DynoxideError,
    },
    /// The stream records cannot be indexed.
    #[error("cannot index the streams of the database {name}: {source}")]
    Index {
        /// Path of the file, or name of the in-memory database.
        name: String,
        /// Cause.
        source: rusqlite::Error,
    },
    /// A table of the template cannot be created.
    #[error("cannot create the table `{table}`: {source}")]
    Create {
        /// Table name.
        table: String,
        /// Cause.
        source: DynoxideError,
    },
    /// The definition of a table is not valid.
    #[error("the definition of the table `{table}` is not valid: {source}")]
    Definition {
        /// Table name.
        table: String,
        /// Cause.
        source: serde_json::Error,
    },
}

/// Embedded DynamoDB. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Database {
    engine: Engine,
}

impl Database {
    /// Opens the database and creates missing tables.
    pub(crate) fn open(path: Option<&Path>, tables: &[Table]) -> Result<Self, DatabaseError> {
        let name = path.map_or_else(in_memory_name, |path| path.to_string_lossy().into_owned());
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

    /// Serves the database and deletes expired items until the stack stops.
    pub(crate) fn serve(
        &self,
        listener: TcpListener,
        stop: &CancellationToken,
        tasks: &mut JoinSet<()>,
    ) -> Option<SocketAddr> {
        let address = listener.local_addr().ok()?;
        let (engine, stopped) = (self.engine.clone(), stop.clone());
        tasks.spawn(async move {
            // Fails only if the listener fails. The functions' calls then fail, too, and report it.
            let _ = dynoxide::server::serve_with_shutdown(listener, engine, stopped.cancelled_owned()).await;
        });
        let (engine, stop) = (self.engine.clone(), stop.clone());
        tasks.spawn(async move {
            loop {
                tokio::select! {
                    () = clock::sleep(TTL_SWEEP_INTERVAL) => {}
                    () = stop.cancelled() => return,
                }
                let engine = engine.clone();
                let _ = tokio::task::spawn_blocking(move || engine.sweep_ttl()).await;
            }
        });
        Some(address)
    }

    /// Id of the only shard of a table's stream.
    pub(crate) fn shard(&self, table: &str) -> Option<String> {
        let request = DescribeStreamRequest { stream_arn: arn::stream_arn(table), ..Default::default() };
        let description = self.engine.describe_stream(request).ok()?.stream_description;
        description.shards.into_iter().next().map(|shard| shard.shard_id)
    }

    /// Iterator of a shard at the given starting position.
    pub(crate) fn iterator(
        &self,
        table: &str,
        shard: &str,
        from: &StreamPosition,
    ) -> Result<String, DynoxideError> {
        let (kind, number) = match from {
            StreamPosition::TrimHorizon => ("TRIM_HORIZON", None),
            StreamPosition::Latest => ("LATEST", None),
            StreamPosition::After(number) => ("AFTER_SEQUENCE_NUMBER", Some(number.clone())),
        };
        let request = GetShardIteratorRequest {
            stream_arn: arn::stream_arn(table),
            shard_id: shard.to_owned(),
            shard_iterator_type: kind.to_owned(),
            sequence_number: number,
        };
        Ok(self.engine.get_shard_iterator(request)?.shard_iterator.unwrap_or_default())
    }

    /// Imports items without writing stream records. Either all items are written or none.
    pub(crate) fn import(&self, table: &str, items: Vec<Item>) -> Result<(), DynoxideError> {
        self.engine.import_items(table, items, ImportOptions::default()).map(drop)
    }

    /// Stream records at an iterator, and the iterator that follows them.
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

/// Name of a new in-memory database, which a second connection can open, too. It exists until the last
/// connection closes.
fn in_memory_name() -> String {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    format!("file:agora-{}?mode=memory&cache=shared", NEXT.fetch_add(1, Ordering::Relaxed))
}

/// Indexes the stream records by sequence number. The engine looks up the largest number for each new record
/// and returns records by number. Without an index, it scans all records, so that each write takes longer
/// than the previous one.
fn index_streams(name: &str) -> rusqlite::Result<()> {
    rusqlite::Connection::open(name)?.execute_batch(
        "CREATE INDEX IF NOT EXISTS stream_records_by_number \
         ON _stream_records (table_name, CAST(sequence_number AS INTEGER))",
    )
}

/// Starting position in a stream.
#[derive(Clone, Debug)]
pub(crate) enum StreamPosition {
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

    /// Duration of twenty single writes.
    fn twenty_writes(database: &Database) -> Duration {
        let since = Instant::now();
        for n in 0..20 {
            let request = json!({ "TableName": "records", "Item": item(n) });
            database.engine.put_item(serde_json::from_value(request).unwrap()).unwrap();
        }
        since.elapsed()
    }

    #[test]
    fn write_duration_is_independent_of_the_stream_length() {
        let database = Database::open(None, &[table()]).unwrap();
        let fastest = || (0..5).map(|_| twenty_writes(&database)).min().unwrap();
        let first = fastest();
        let options = ImportOptions { record_streams: true, ..ImportOptions::default() };
        database.engine.import_items("records", (0..20_000).map(item).collect(), options).unwrap();
        let last = fastest();
        assert!(last < first * 8, "twenty writes took {first:?}, and {last:?} with 20,000 stream records");
    }
}
