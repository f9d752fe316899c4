//! Pages of a sales report.

use shared::domain::job::Job;
use shared::domain::job::execution::advance::AdvanceJob;
use shared::domain::job::job_type::SalesReport;
use shared::domain::job::output::cursor::{JobCursor, Section};
use shared::kit::command::Store;
use shared::kit::system::clock::Clock;
use shared::search::Embedder;

use crate::pages::StopReason;
use crate::{Reports, csv};

impl<S: Store, E: Embedder, C: Clock> Reports<S, E, C> {
    /// Reads and formats the next page of orders. The first page counts the orders of the report.
    pub(crate) async fn report_page(
        &self,
        report: &SalesReport,
        job: &Job,
    ) -> Result<AdvanceJob, StopReason> {
        let total = match job.total {
            Some(total) => total,
            None => self.reader.count_orders(report).await?,
        };
        let after = job.output.cursor.as_ref().and_then(|cursor| cursor.after.as_deref());
        let page = self.reader.report_orders(report, after, self.page_size.0).await?;
        let text = csv::format_rows(&page.orders, job.output.chunks == 0);
        let is_last = page.next.is_none();
        let last = page.orders.last().map(|order| order.as_ref().map_or_else(|id| *id, |order| order.id));
        let reached = page.next.or_else(|| last.map(|id| id.to_string()));
        Ok(AdvanceJob {
            claim: job.claim(),
            text: text.map_err(|_| StopReason::Failed("the rows cannot be formatted"))?,
            rows: u64::try_from(page.orders.len()).unwrap_or(u64::MAX),
            cursor: reached.map(|reached| JobCursor::start_of(Section::Orders, None).after(reached)),
            total: Some(total),
            is_last,
        })
    }
}
