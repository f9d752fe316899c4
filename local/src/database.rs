//! The embedded DynamoDB: dynoxide in this process, with the template's tables, served over HTTP for the functions'
//! SDK.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
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

use crate::{clock, names, stop::Stop, template::Table};

/// How often expired items are looked for. DynamoDB takes up to days; nothing may rely on the moment.
const TTL_PERIOD: Duration = Duration::from_secs(30);

/// Why the embedded DynamoDB cannot run.
#[derive(Debug, thiserror::Error)]
pub enum DatabaseError {
    /// The file cannot be opened.
    #[error("cannot open the database {path}: {source}")]
    Open {
        /// The file.
        path: PathBuf,
        /// What the engine says.
        source: DynoxideError,
    },
    /// The engine cannot start in memory.
    #[error("cannot start the database: {0}")]
    Memory(DynoxideError),
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
        let engine = match path {
            None => Engine::memory().map_err(DatabaseError::Memory)?,
            Some(path) => Engine::new(&path.to_string_lossy())
                .map_err(|source| DatabaseError::Open { path: path.to_owned(), source })?,
        };
        let database = Self { engine };
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
        stop: &Stop,
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
        let request = DescribeStreamRequest { stream_arn: names::stream_arn(table), ..Default::default() };
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
            stream_arn: names::stream_arn(table),
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

/// Where to read a stream from.
#[derive(Clone, Debug)]
pub(crate) enum From {
    TrimHorizon,
    Latest,
    After(String),
}
