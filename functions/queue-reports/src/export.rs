//! Pages of a data export: the data of an account as JSON lines, section by section.
//!
//! Every row is built from an explicit list of fields (see `export_rows.rs`), so that a new attribute of a
//! stored entity is not exported by accident.

use serde::Serialize;
use shared::domain::job::Job;
use shared::domain::job::execution::advance::AdvanceJob;
use shared::domain::job::output::cursor::{JobCursor, Section};
use shared::domain::user::UserId;
use shared::kit::command::Store;
use shared::kit::command::page::ListPage;
use shared::kit::system::clock::Clock;
use shared::repository::user::UserReader;
use shared::search::Embedder;

use crate::Reports;
use crate::export_rows::{JobRow, MarketRow, OrderRow, PaymentRow, ProductRow, ProfileRow, Row, SessionRow};
use crate::pages::StopReason;

/// Size from which a chunk gets no further row. Fifty chunks form a part of a result, which must be smaller
/// than Lambda's response limit of 6 MB.
const MAX_CHUNK_BYTES: usize = 50_000;
/// Number of rows after which a chunk ends.
const MAX_ROWS: u32 = 100;

/// Rows of one section, and the position that they reach.
struct Page {
    text: String,
    rows: u64,
    /// Position of the next page; `None` after the last.
    next: Option<JobCursor>,
}

/// Row with the sort value of its item.
type SortedRow = (String, Row);

impl<S: Store, E: Embedder, C: Clock> Reports<S, E, C> {
    /// Reads and formats the next page.
    pub(crate) async fn export_page(&self, job: &Job) -> Result<AdvanceJob, StopReason> {
        let start = || JobCursor::start_of(Section::Profile, None);
        let cursor = job.output.cursor.clone().unwrap_or_else(start);
        let page = self.section(job.owner_id, cursor).await?;
        Ok(AdvanceJob {
            claim: job.claim(),
            text: page.text,
            rows: page.rows,
            is_last: page.next.is_none(),
            cursor: page.next,
            total: None,
        })
    }

    async fn section(&self, owner: UserId, cursor: JobCursor) -> Result<Page, StopReason> {
        let after = cursor.after.as_deref();
        let start_of = |section| Some(JobCursor::start_of(section, None));
        match (cursor.section, cursor.market_id) {
            (Section::Profile | Section::Sessions, _) => self.account(owner, cursor).await,
            (Section::Products, Some(market)) => {
                let products = self.reader.products_sold_in(market, after, MAX_ROWS).await?;
                let markets = JobCursor::start_of(Section::Markets, None).after(market);
                list(products, cursor, Some(markets), |product| {
                    (product.id.to_string(), Row::Product(ProductRow::from(product)))
                })
            }
            (Section::Orders, _) => {
                let orders = self.reader.orders_placed_by(owner, after, MAX_ROWS).await?;
                let mut addresses = self.reader.addresses_of(&orders.items).await?.into_iter();
                let now = self.clock.now();
                list(orders, cursor, start_of(Section::Payments), |order| {
                    let address = addresses.next().flatten();
                    let address = address.filter(|address| now < address.kept_until(&order));
                    (order.id.to_string(), Row::Order(Box::new(OrderRow::from((order, address)))))
                })
            }
            (Section::Payments, _) => {
                let (payments, next) = self.reader.payments_by(owner, after, MAX_ROWS).await?;
                let row = |payment| {
                    let row = PaymentRow::from(payment);
                    (row.order_id().to_string(), Row::Payment(row))
                };
                let rows = payments.into_iter().map(row).collect();
                Ok(page(rows, next, cursor, start_of(Section::Jobs))?)
            }
            (Section::Jobs, _) => {
                let jobs = self.reader.jobs_created_by(owner, self.clock.now(), after, MAX_ROWS).await?;
                list(jobs, cursor, None, |job| (job.id.to_string(), Row::Job(JobRow::from(job))))
            }
            _ => self.next_market(owner, cursor).await,
        }
    }

    /// The profile of the account, or a page of its sessions.
    async fn account(&self, owner: UserId, cursor: JobCursor) -> Result<Page, StopReason> {
        let start_of = |section| Some(JobCursor::start_of(section, None));
        if cursor.section == Section::Profile {
            let profile = self.reader.user(owner).await?.map(ProfileRow::from).map(Row::Profile);
            let rows = profile.map(|row| (owner.to_string(), row)).into_iter().collect();
            return Ok(page(rows, None, cursor, start_of(Section::Sessions))?);
        }
        let (sessions, next) = self.reader.sessions_of(owner, cursor.after.as_deref(), MAX_ROWS).await?;
        let rows = sessions.into_iter().map(SessionRow::from).map(|row| (row.id(), Row::Session(row)));
        Ok(page(rows.collect(), next, cursor, start_of(Section::Markets))?)
    }

    /// The next market, which its products follow; after the last market, the orders.
    async fn next_market(&self, owner: UserId, cursor: JobCursor) -> Result<Page, StopReason> {
        let markets = self.reader.markets_of(owner, cursor.after.as_deref(), 1).await?;
        let Some(market) = markets.items.into_iter().next() else {
            // The index may still list a market that was deleted, or whose item cannot be parsed.
            let next = match markets.next {
                Some(skipped) => cursor.after(skipped),
                None => JobCursor::start_of(Section::Orders, None),
            };
            return Ok(Page { text: String::new(), rows: 0, next: Some(next) });
        };
        let products = JobCursor::start_of(Section::Products, Some(market.id));
        let row = (market.id.to_string(), Row::Market(MarketRow::from(market)));
        Ok(page(vec![row], None, cursor, Some(products))?)
    }
}

/// Formats a page of a list. `following` is the position after the last page of the list.
fn list<T>(
    items: ListPage<T>,
    cursor: JobCursor,
    following: Option<JobCursor>,
    row: impl FnMut(T) -> SortedRow,
) -> Result<Page, StopReason> {
    Ok(page(items.items.into_iter().map(row).collect(), items.next, cursor, following)?)
}

/// Formats as many rows as fit into a chunk. `next` is the sort value after which the section continues.
fn page(
    rows: Vec<SortedRow>,
    next: Option<String>,
    cursor: JobCursor,
    following: Option<JobCursor>,
) -> Result<Page, FormatError> {
    let (mut text, mut written) = (String::new(), 0);
    let count = rows.len();
    let mut reached = None;
    for (sort, row) in rows {
        let line = row.to_line()?;
        if written > 0 && text.len() + line.len() > MAX_CHUNK_BYTES {
            break;
        }
        text.push_str(&line);
        written += 1;
        reached = Some(sort);
    }
    let next = if written < count { reached } else { next };
    let next = match next {
        Some(sort) => Some(cursor.after(sort)),
        None => following,
    };
    Ok(Page { text, rows: u64::try_from(written).unwrap_or(u64::MAX), next })
}

/// A row cannot be formatted as JSON.
#[derive(Debug, thiserror::Error)]
#[error("the rows cannot be formatted")]
pub(crate) struct FormatError;

impl Row {
    /// The row as a line of JSON.
    fn to_line(&self) -> Result<String, FormatError> {
        let mut line = to_json(self)?;
        line.push('\n');
        Ok(line)
    }
}

fn to_json(value: &impl Serialize) -> Result<String, FormatError> {
    serde_json::to_string(value).map_err(|_| FormatError)
}

impl From<FormatError> for StopReason {
    fn from(_: FormatError) -> Self {
        Self::Failed("the rows cannot be formatted")
    }
}
