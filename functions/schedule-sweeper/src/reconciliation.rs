//! Reconciles our payment records with the gateway's ledger: repairs what is missing in our records, and
//! records discrepancies that cannot be repaired automatically.

mod check_refunds;
mod on_record;
mod recheck_open;

use std::slice;
use std::time::Duration;

use shared::domain::ledger::reconciliation::GatewayRecord;
use shared::domain::ledger::reconciliation::compare::{Finding, MismatchKind};
use shared::domain::ledger::reconciliation::cursor::{
    AdvanceCursor, PaymentsCursorKey, ReconciliationCursor, RoundConfig,
};
use shared::domain::ledger::reconciliation::discrepancy::RecordDiscrepancy;
use shared::domain::order::OrderId;
use shared::domain::order::fulfilment::record_capture::RecordCapture;
use shared::domain::order::fulfilment::record_refund::RecordRefund;
use shared::domain::order::payment::refund::gateway_refund::GatewayRefund;
use shared::domain::order::payment::{Capture, GatewayId, Payment};
use shared::kit::command::{Command, CommandContext, ExecuteError, ReadSet, Store, StoreError, Version};
use shared::kit::system::clock::{Clock, Timestamp};
use shared::kit::system::config::{ConfigError, Environment};
use shared::kit::telemetry::catalogue::RECONCILIATION_AGE;
use shared::kit::telemetry::metrics;
use shared::payment_gateway::{GatewayError, LedgerQuery, PaymentGateway, PaymentLedger};

use crate::due::try_execute;
use on_record::OnRecord;

/// Maximum number of pages of the gateway's ledger compared in a tick.
const MAX_PAGES: usize = 10;

/// Duration for which a payment is still compared after its order has ended: it may still be open or be
/// refunded.
const LOOKBACK_AFTER_EXPIRY: Duration = Duration::from_hours(1);

/// Reconciliation of our payment records with the gateway's ledger.
#[derive(Debug, Clone)]
pub struct Reconciliation<S, G> {
    /// Store that executes the repairs.
    pub store: S,
    /// Gateway whose ledger is compared.
    pub gateway: G,
    /// Interval and overlap of rounds.
    pub rounds: RoundConfig,
}

/// Counts of a reconciliation tick.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ReconciliationSummary {
    /// Payments that were compared.
    pub compared: usize,
    /// Payments that were repaired.
    pub repaired: usize,
    /// Discrepancies that cannot be repaired automatically.
    pub mismatched: usize,
}

/// Result of a repair.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Repair {
    /// Nothing was left to do.
    None,
    /// Our records were changed.
    Done,
    /// The records contradict each other.
    Impossible(MismatchKind),
}

/// Error that ended a tick early. The next tick continues from the same page.
#[derive(Debug, thiserror::Error)]
pub enum ReconcileError {
    /// The table failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The gateway failed.
    #[error(transparent)]
    Gateway(#[from] GatewayError),
}

impl<S: Store, G: PaymentGateway + PaymentLedger> Reconciliation<S, G> {
    /// Creates a reconciliation on these adapters, with the settings of the environment.
    ///
    /// # Errors
    /// [`ConfigError`] if a variable is missing or invalid.
    pub fn from_env(env: &Environment, store: S, gateway: G) -> Result<Self, ConfigError> {
        let apart = Duration::from_secs(env.parse("AGORA_RECONCILIATION_SECONDS")?);
        let window = Duration::from_secs(env.parse("AGORA_PAYMENT_WINDOW_SECONDS")?);
        Ok(Self {
            store,
            gateway,
            rounds: RoundConfig { interval: apart, overlap: window + LOOKBACK_AFTER_EXPIRY },
        })
    }

    /// Compares due pages until the round is complete, the page limit is reached or the deadline is near.
    ///
    /// # Errors
    /// [`ReconcileError`] if the table or the gateway does not respond.
    pub async fn tick(
        &self,
        context: &CommandContext,
        clock: &impl Clock,
        deadline: Timestamp,
    ) -> Result<ReconciliationSummary, ReconcileError> {
        let mut summary = ReconciliationSummary::default();
        let mut cursor = self.cursor(context).await?;
        if let Some(cursor) = &cursor {
            let age = context.at.duration_since(cursor.compared_until(self.rounds));
            metrics::record_duration(&RECONCILIATION_AGE, [], age);
        }
        for _ in 0..MAX_PAGES {
            let now = clock.now();
            let Some(current) = cursor.take().filter(|cursor| cursor.due_at <= now && now < deadline) else {
                break;
            };
            let (from, current) = (Some(current.version), current.at(now));
            let next = self.compare_page(&current, &context.at(now), &mut summary).await?;
            cursor = self.advance_cursor(from, next, context).await?.filter(|next| next.after.is_some());
        }
        Ok(summary)
    }

    /// Loads the cursor, or creates it before the first round.
    async fn cursor(&self, context: &CommandContext) -> Result<Option<ReconciliationCursor>, ReconcileError> {
        match self.store.load(ReadSet::get(&PaymentsCursorKey)).await? {
            Some(cursor) => Ok(Some(cursor)),
            None => {
                self.advance_cursor(None, ReconciliationCursor::first(self.rounds, context.at), context).await
            }
        }
    }

    /// Stores the cursor. Returns `None` if a concurrent tick has moved it.
    async fn advance_cursor(
        &self,
        from: Option<Version>,
        to: ReconciliationCursor,
        context: &CommandContext,
    ) -> Result<Option<ReconciliationCursor>, ReconcileError> {
        match self.store.execute(AdvanceCursor { from, to }, context).await {
            Ok(executed) => Ok(Some(executed.into_output())),
            Err(ExecuteError::Store(error)) => Err(error.into()),
            Err(_) => Ok(None),
        }
    }

    /// Compares one page and returns the cursor of the next.
    async fn compare_page(
        &self,
        cursor: &ReconciliationCursor,
        context: &CommandContext,
        summary: &mut ReconciliationSummary,
    ) -> Result<ReconciliationCursor, ReconcileError> {
        let query = LedgerQuery { from: cursor.from, until: cursor.until, after: cursor.after.clone() };
        let page = self.gateway.page(&query, &context.correlation_id).await?;
        for (entry, on_record) in self.with_orders(&page.entries).await? {
            summary.compared += 1;
            match self.reconcile(entry, &on_record, context).await? {
                Repair::None => {}
                Repair::Done => summary.repaired += 1,
                Repair::Impossible(_) => summary.mismatched += 1,
            }
        }
        if let Some(last) = page.entries.last().filter(|_| page.has_more) {
            return Ok(cursor.clone().after_page(last.gateway_id.clone()));
        }
        summary.repaired += self.record_recent_refunds(cursor, context).await?;
        Ok(cursor.clone().after_round(self.rounds, context.at))
    }

    /// Repairs the difference of a ledger entry from our records, or records it as a discrepancy.
    async fn reconcile(
        &self,
        entry: &GatewayRecord,
        on_record: &OnRecord,
        context: &CommandContext,
    ) -> Result<Repair, ReconcileError> {
        let repair = self.repair(on_record.compare(entry), entry, context).await?;
        if let Repair::Impossible(difference) = repair {
            let (gateway_id, order_id) = (&entry.gateway_id, entry.order_id);
            tracing::error!(%gateway_id, ?order_id, %difference, "payment differs from the gateway");
            let discrepancy = on_record.discrepancy(entry, difference, context.at);
            self.try_execute(RecordDiscrepancy(discrepancy), context).await?;
        }
        Ok(repair)
    }

    /// Loads the orders and payments of ledger entries. They are read after the entries, so that they are not
    /// older.
    async fn with_orders<'a>(
        &self,
        entries: &'a [GatewayRecord],
    ) -> Result<Vec<(&'a GatewayRecord, OnRecord)>, StoreError> {
        let mut ids: Vec<OrderId> = entries.iter().filter_map(|entry| entry.order_id).collect();
        ids.sort_unstable();
        ids.dedup();
        let payment_ids: Vec<_> = ids.iter().map(|id| Payment::id_for(*id)).collect();
        let reads = ReadSet::get_each(&ids).and(ReadSet::get_each(&payment_ids));
        let (orders, payments) = self.store.load(reads).await?;
        let records: Vec<OnRecord> = orders.into_iter().zip(payments).map(OnRecord::of).collect();
        let find = |entry: &'a GatewayRecord| {
            let index = entry.order_id.and_then(|id| ids.binary_search(&id).ok());
            (entry, index.map_or_else(OnRecord::default, |index| records[index].clone()))
        };
        Ok(entries.iter().map(find).collect())
    }

    /// Repairs a finding.
    async fn repair(
        &self,
        finding: Finding,
        entry: &GatewayRecord,
        context: &CommandContext,
    ) -> Result<Repair, ReconcileError> {
        let repaired = match finding {
            Finding::MissingCapture(order_id, capture) => {
                self.record_capture(order_id, capture, context).await?
            }
            Finding::RefundsDiffer(order_id) => {
                let recorded = match self.record_refunds(order_id, &entry.gateway_id, context).await {
                    // A refund that cannot be parsed does not prevent the comparison of other payments.
                    Err(ReconcileError::Gateway(error @ GatewayError::Unexpected)) => {
                        let gateway_id = &entry.gateway_id;
                        tracing::warn!(%error, %gateway_id, "failed to read the refunds of a payment");
                        0
                    }
                    recorded => recorded?,
                };
                if recorded == 0 && self.refunds_still_differ(entry).await? {
                    return Ok(Repair::Impossible(MismatchKind::Refunded));
                }
                recorded > 0
            }
            Finding::OpenCheckout => {
                self.gateway.close(&entry.gateway_id, &context.correlation_id).await?;
                true
            }
            Finding::Matched => false,
            Finding::Mismatch(difference) => return Ok(Repair::Impossible(difference)),
        };
        Ok(if repaired { Repair::Done } else { Repair::None })
    }

    /// Records a capture whose webhook was missed.
    async fn record_capture(
        &self,
        order_id: OrderId,
        capture: Capture,
        context: &CommandContext,
    ) -> Result<bool, ReconcileError> {
        self.try_execute(RecordCapture { order_id, capture }, context).await
    }

    /// Records the refunds created since shortly before the end of the last round, of payments of any age:
    /// the webhook about a refund in the gateway's dashboard may be lost.
    async fn record_recent_refunds(
        &self,
        cursor: &ReconciliationCursor,
        context: &CommandContext,
    ) -> Result<usize, ReconcileError> {
        let from = cursor.refunds_from(self.rounds);
        let refunds = self.gateway.refunds_created(from, cursor.until, &context.correlation_id).await?;
        // A refund without an order belongs to another system that uses the same gateway account.
        let of_orders = refunds.into_iter().filter_map(|refund| Some((refund.order_id?, refund)));
        self.record_each(of_orders, context).await
    }

    /// Records the present state of the refunds of a payment, whose responses or webhooks were lost. Returns
    /// the number of refunds that have changed.
    async fn record_refunds(
        &self,
        order_id: OrderId,
        payment: &GatewayId,
        context: &CommandContext,
    ) -> Result<usize, ReconcileError> {
        let refunds = self.gateway.refunds(payment, &context.correlation_id).await?;
        self.record_each(refunds.into_iter().map(|refund| (order_id, refund)), context).await
    }

    /// Records the state of refunds, and returns the number of those that have changed.
    async fn record_each(
        &self,
        refunds: impl Iterator<Item = (OrderId, GatewayRefund)> + Send,
        context: &CommandContext,
    ) -> Result<usize, ReconcileError> {
        let mut recorded = 0;
        for (order_id, refund) in refunds {
            let command = RecordRefund { order_id, refund };
            recorded += usize::from(self.try_execute(command, context).await?);
        }
        Ok(recorded)
    }

    /// Compares a ledger entry again: another worker may have recorded its refunds in the meantime.
    async fn refunds_still_differ(&self, entry: &GatewayRecord) -> Result<bool, ReconcileError> {
        let compared = self.with_orders(slice::from_ref(entry)).await?;
        let mut findings = compared.iter().map(|(entry, on_record)| on_record.compare(entry));
        Ok(findings.any(|finding| matches!(finding, Finding::RefundsDiffer(_))))
    }

    /// Executes a command. Returns false if it was refused, for example because the order has changed
    /// meanwhile.
    async fn try_execute<C: Command>(
        &self,
        command: C,
        context: &CommandContext,
    ) -> Result<bool, ReconcileError> {
        Ok(try_execute(&self.store, command, context).await?)
    }
}
