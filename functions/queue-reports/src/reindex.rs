//! Pages of a reindex: rebuilds search entries, name terms and the totals of markets, and counts entities
//! that are not counted.
//!
//! Every market has a sequence of sections: the market itself, its products, its orders. A job without a
//! market processes all markets one after another, and then the accounts. Each step is idempotent, so a page
//! may be processed again after a crash.

use futures::stream::{self, StreamExt, TryStreamExt};
use shared::domain::job::execution::advance::AdvanceJob;
use shared::domain::job::job_type::Reindex;
use shared::domain::job::output::cursor::{JobCursor, Section};
use shared::domain::job::{Job, JobClaim};
use shared::domain::market::MarketId;
use shared::domain::product::ProductId;
use shared::domain::values::id::Id;
use shared::kit::command::page::ListPage;
use shared::kit::command::{CommandContext, ExecuteError, Store, StoreError};
use shared::kit::system::clock::Clock;
use shared::projections::account_balances::BalanceScope;
use shared::projections::daily_sales::InconsistentRead;
use shared::projections::name_index::HasName;
use shared::projections::name_index::index_name::IndexName;
use shared::projections::search_index::DocumentId;
use shared::projections::search_index::update_index::{IndexDocument, IndexError};
use shared::projections::tally::count::{CountEntities, CountError};
use shared::projections::tally::recount::{BeginRecount, EndReset, Reset, ResetDailySales, Superseded};
use shared::repository::projections::source::order_lists_of;
use shared::search::{EmbedError, Embedder, IndexFailure, index_document, index_name};

use crate::Reports;
use crate::pages::{StopReason, TABLE_UNAVAILABLE};

/// Number of documents indexed concurrently.
const CONCURRENCY: usize = 10;
/// Maximum number of documents of a page, so that even a slow model embeds all of them in one invocation.
const MAX_DOCUMENTS: u32 = 50;
/// Number of attempts to index a document that changes while it is embedded.
const INDEX_ATTEMPTS: usize = 3;
/// Number of entities counted in one transaction, which has at most 100 items.
const COUNTED_TOGETHER: usize = 10;
/// Number of attempts to count entities that change meanwhile.
const COUNT_ATTEMPTS: usize = 3;

/// Processed page.
struct Step {
    /// Number of entities.
    entities: usize,
    /// Position of the next page; `None` if this is the last.
    next: Option<JobCursor>,
}

impl<S: Store, E: Embedder, C: Clock> Reports<S, E, C> {
    /// Processes the next page.
    pub(crate) async fn reindex_page(
        &self,
        reindex: &Reindex,
        job: &Job,
        context: &CommandContext,
    ) -> Result<AdvanceJob, StopReason> {
        let start = || JobCursor::start_of(Section::Markets, None);
        let cursor = job.output.cursor.clone().unwrap_or_else(start);
        let step = match (cursor.section, cursor.market_id) {
            (Section::Products, Some(market)) => self.reindex_products(market, cursor, context).await?,
            (Section::Orders, Some(market)) => {
                self.recount_orders(reindex, market, job.claim(), cursor, context).await?
            }
            (Section::Accounts, _) => self.recount_accounts(cursor, context).await?,
            _ => self.reindex_market(reindex, &cursor, context).await?,
        };
        Ok(AdvanceJob {
            claim: job.claim(),
            text: String::new(),
            rows: u64::try_from(step.entities).unwrap_or(u64::MAX),
            is_last: step.next.is_none(),
            cursor: step.next,
            total: None,
        })
    }

    /// Indexes the next market.
    async fn reindex_market(
        &self,
        reindex: &Reindex,
        cursor: &JobCursor,
        context: &CommandContext,
    ) -> Result<Step, StopReason> {
        let next = if reindex.market_id.is_some() {
            reindex.market_id
        } else {
            let markets = self.reader.all_markets(cursor.after.as_deref(), 1).await?;
            match (markets.items.first(), markets.next) {
                (Some(market), _) => Some(market.id),
                // The summary of the next market cannot be parsed.
                (None, Some(skipped)) => {
                    return Ok(Step { entities: 0, next: Some(cursor.clone().after(skipped)) });
                }
                (None, None) => None,
            }
        };
        let Some(market) = next else {
            let accounts = JobCursor::start_of(Section::Accounts, None);
            return Ok(Step { entities: 0, next: Some(accounts) });
        };
        self.rebuild_documents(vec![DocumentId::Market(market)], context).await?;
        self.rebuild_names(vec![market], context).await?;
        Ok(Step { entities: 1, next: Some(JobCursor::start_of(Section::Products, Some(market))) })
    }

    async fn reindex_products(
        &self,
        market: MarketId,
        cursor: JobCursor,
        context: &CommandContext,
    ) -> Result<Step, StopReason> {
        let limit = self.page_size.0.min(MAX_DOCUMENTS);
        let page = self.reader.all_products(market, cursor.after.as_deref(), limit).await?;
        let products: Vec<ProductId> = page.items.iter().map(|product| product.id).collect();
        self.rebuild_documents(products.iter().copied().map(DocumentId::Product).collect(), context).await?;
        self.rebuild_names(products, context).await?;
        self.count_all(&page, |count, product| count.product(product.id), context).await?;
        let orders = JobCursor::start_of(Section::Orders, Some(market));
        Ok(step(page, cursor, Some(orders)))
    }

    /// Counts a page of the orders of a market. The first page also resets the totals and counts the market.
    /// The totals are reset as late as possible, because they are incomplete until all orders are counted.
    async fn recount_orders(
        &self,
        reindex: &Reindex,
        market: MarketId,
        claim: JobClaim,
        cursor: JobCursor,
        context: &CommandContext,
    ) -> Result<Step, StopReason> {
        if cursor.after.is_none() {
            // A market is counted together with its totals, which may be lost.
            self.reset_totals(market, claim, context).await?;
            let mut count = CountEntities::default();
            count.market(market);
            self.count(count, context).await?;
        }
        let page = self.reader.all_orders(market, cursor.after.as_deref(), self.page_size.0).await?;
        self.count_all(&page, |count, order| count.order(order.id, order.market_id), context).await?;
        let is_only_market = reindex.market_id.is_some();
        let markets = (!is_only_market).then(|| JobCursor::start_of(Section::Markets, None).after(market));
        Ok(step(page, cursor, markets))
    }

    async fn recount_accounts(
        &self,
        cursor: JobCursor,
        context: &CommandContext,
    ) -> Result<Step, StopReason> {
        let page = self.reader.all_accounts(cursor.after.as_deref(), self.page_size.0).await?;
        self.rebuild_names(page.items.iter().map(|user| user.id).collect(), context).await?;
        self.count_all(&page, |count, user| count.user(user.id), context).await?;
        Ok(step(page, cursor, None))
    }

    /// Writes all terms of the names of the entities again.
    async fn rebuild_names<N: HasName>(
        &self,
        entities: Vec<Id<N>>,
        context: &CommandContext,
    ) -> Result<(), StopReason> {
        let rebuild = async |id| {
            skip_unreadable(index_name(&self.store, IndexName { id, rebuild: true }, context).await)
        };
        let all = stream::iter(entities).map(rebuild).buffer_unordered(CONCURRENCY).try_collect::<()>();
        Ok(all.await?)
    }

    /// Writes all index entries of the documents again.
    async fn rebuild_documents(
        &self,
        documents: Vec<DocumentId>,
        context: &CommandContext,
    ) -> Result<(), StopReason> {
        let rebuild = |id| self.rebuild_document(id, context);
        let all = stream::iter(documents).map(rebuild).buffer_unordered(CONCURRENCY).try_collect::<()>();
        Ok(all.await?)
    }

    /// Writes all index entries of a document again. A document whose text the model rejects loses its entries,
    /// and one that cannot be parsed is skipped, so that neither stops the others.
    async fn rebuild_document(&self, id: DocumentId, context: &CommandContext) -> Result<(), IndexFailure> {
        let mut attempts = 0;
        loop {
            attempts += 1;
            let index = IndexDocument { rebuild: true, ..IndexDocument::update(id, self.embedder.name()) };
            match index_document(&self.store, &self.embedder, index, context).await {
                Err(IndexFailure::Embed(EmbedError::Rejected(reason))) => {
                    tracing::error!(document = %id, reason, "failed to index a document");
                    return Ok(());
                }
                Err(IndexFailure::Commit(ExecuteError::Refused(IndexError::TextChanged)))
                    if attempts < INDEX_ATTEMPTS => {}
                result => return skip_unreadable(result),
            }
        }
    }

    /// Sets the totals of a market to zero. If another recount of the same market begins meanwhile, that one
    /// resets them.
    async fn reset_totals(
        &self,
        market_id: MarketId,
        claim: JobClaim,
        context: &CommandContext,
    ) -> Result<(), StopReason> {
        let begin = BeginRecount { claim, market_id };
        let recount = match self.store.execute(begin, context).await {
            Ok(recount) => recount.into_output(),
            Err(error) => {
                skip_damaged(Err(error))?;
                None
            }
        };
        let Some(recount) = recount else { return Ok(()) };
        let reset = Reset { market_id, recount };
        loop {
            let days = self.reader.days_with_sales(market_id, ResetDailySales::MAX_DAYS).await?;
            if days.is_empty() {
                break;
            }
            let reset_days = ResetDailySales { reset: reset.clone(), days };
            if is_superseded(self.store.execute(reset_days, context).await.map(drop))? {
                return Ok(());
            }
        }
        let balances = self.reader.balances(BalanceScope::Market(market_id)).await?;
        let currencies = balances.into_iter().map(|balances| balances.currency).collect();
        let end = EndReset { reset, lists: order_lists_of(market_id), currencies };
        is_superseded(self.store.execute(end, context).await.map(drop)).map(drop)
    }

    /// Counts the entities of a page, [`COUNTED_TOGETHER`] in each transaction.
    async fn count_all<T>(
        &self,
        page: &ListPage<T>,
        add: impl Fn(&mut CountEntities, &T),
        context: &CommandContext,
    ) -> Result<(), StopReason> {
        for entities in page.items.chunks(COUNTED_TOGETHER) {
            let mut count = CountEntities::default();
            for entity in entities {
                add(&mut count, entity);
            }
            match self.try_count(count, context).await {
                // One of the items cannot be parsed. Each entity is counted alone, and that one is skipped.
                Err(ExecuteError::Store(StoreError::Malformed(_))) => {
                    for entity in entities {
                        let mut count = CountEntities::default();
                        add(&mut count, entity);
                        self.count(count, context).await?;
                    }
                }
                counted => counted?,
            }
        }
        Ok(())
    }

    /// Counts entities, unless an item cannot be parsed.
    async fn count(&self, count: CountEntities, context: &CommandContext) -> Result<(), StopReason> {
        Ok(skip_damaged(self.try_count(count, context).await)?)
    }

    async fn try_count(
        &self,
        count: CountEntities,
        context: &CommandContext,
    ) -> Result<(), ExecuteError<CountError>> {
        for _ in 1..COUNT_ATTEMPTS {
            match self.store.execute(count.clone(), context).await {
                Err(ExecuteError::Refused(CountError::InconsistentRead(InconsistentRead))) => {}
                counted => return counted.map(drop),
            }
        }
        self.store.execute(count, context).await.map(drop)
    }
}

/// Reports an item that cannot be parsed, so that it does not stop the others.
fn skip_damaged<E>(result: Result<(), ExecuteError<E>>) -> Result<(), ExecuteError<E>> {
    match result {
        Err(ExecuteError::Store(StoreError::Malformed(malformed))) => {
            malformed.report();
            Ok(())
        }
        result => result,
    }
}

/// Like [`skip_damaged`], for the index of a document or a name.
fn skip_unreadable(result: Result<(), IndexFailure>) -> Result<(), IndexFailure> {
    match result {
        Err(IndexFailure::Commit(error)) => skip_damaged(Err(error)).map_err(IndexFailure::Commit),
        result => result,
    }
}

/// The step that ends with this page: the next page of the same section, or `following` after the last.
fn step<T>(page: ListPage<T>, cursor: JobCursor, following: Option<JobCursor>) -> Step {
    let entities = page.items.len();
    match page.next {
        Some(after) => Step { entities, next: Some(cursor.after(after)) },
        None => Step { entities, next: following },
    }
}

/// Returns true if another recount of the market has begun, or the market was deleted.
fn is_superseded(result: Result<(), ExecuteError<Superseded>>) -> Result<bool, StopReason> {
    match result {
        Ok(()) => Ok(false),
        Err(ExecuteError::Refused(Superseded)) => Ok(true),
        Err(ExecuteError::Store(error)) => Err(error.into()),
        Err(ExecuteError::Contention | ExecuteError::InProgress | ExecuteError::KeyReused) => {
            Err(StopReason::Failed("too many concurrent changes to the totals"))
        }
    }
}

impl From<IndexFailure> for StopReason {
    fn from(error: IndexFailure) -> Self {
        tracing::warn!(%error, "failed to index a document");
        match error {
            IndexFailure::Embed(EmbedError::CircuitOpen(open)) => Self::Delayed(open.retry_after),
            IndexFailure::Embed(_) => Self::Failed("the model did not respond"),
            IndexFailure::Commit(ExecuteError::Store(_)) => Self::Failed(TABLE_UNAVAILABLE),
            IndexFailure::Commit(_) => Self::Failed("too many concurrent changes to the search index"),
        }
    }
}

impl From<ExecuteError<CountError>> for StopReason {
    fn from(error: ExecuteError<CountError>) -> Self {
        match error {
            ExecuteError::Store(error) => error.into(),
            error => {
                tracing::warn!(%error, "failed to count entities");
                Self::Failed("too many concurrent changes to the totals")
            }
        }
    }
}
