//! Rechecks discrepancies that were open before this round, regardless of the age of the payment: each is
//! confirmed or closed.

use shared::domain::ledger::reconciliation::discrepancy::{CloseDiscrepancy, Discrepancy, RecordDiscrepancy};
use shared::kit::aws::dynamodb::DynamoReader;
use shared::kit::command::read_set::{Parsed, parsed_or_reported};
use shared::kit::command::{CommandContext, ReadSet, Store};
use shared::kit::system::clock::{Clock, Timestamp};
use shared::payment_gateway::{PaymentGateway, PaymentLedger};

use super::{ReconcileError, Reconciliation, Repair};
use crate::PAGE_SIZE;

impl<S: Store, G: PaymentGateway + PaymentLedger> Reconciliation<S, G> {
    /// Rechecks discrepancies that were open before this round, and returns the number closed.
    ///
    /// # Errors
    /// [`ReconcileError`] if the table or the gateway does not respond; the next tick rechecks the rest.
    pub async fn recheck_open(
        &self,
        reader: &DynamoReader,
        context: &CommandContext,
        clock: &impl Clock,
        deadline: Timestamp,
    ) -> Result<usize, ReconcileError> {
        let stale =
            reader.stale_discrepancies(context.at.saturating_sub(self.rounds.interval), PAGE_SIZE).await?;
        let known = self.store.load(ReadSet::<Vec<Option<Parsed<Discrepancy>>>>::get_each(&stale)).await?;
        let mut closed = 0;
        for discrepancy in known.into_iter().flatten().filter_map(parsed_or_reported) {
            if clock.now() >= deadline {
                break;
            }
            closed += usize::from(self.recheck(discrepancy, &context.at(clock.now())).await?);
        }
        Ok(closed)
    }

    /// Compares a discrepancy again. Returns true if it was closed.
    async fn recheck(&self, known: Discrepancy, context: &CommandContext) -> Result<bool, ReconcileError> {
        let Some(entry) = self.gateway.entry(&known.id, &context.correlation_id).await? else {
            // The entry has disappeared from the gateway's ledger: the discrepancy stays open.
            let confirmed = Discrepancy { last_seen_at: context.at, ..known };
            self.try_execute(RecordDiscrepancy(confirmed), context).await?;
            return Ok(false);
        };
        let entries = [entry];
        let mut found = self.with_orders(&entries).await?;
        let Some((entry, on_record)) = found.pop() else { return Ok(false) };
        match self.reconcile(entry, &on_record, context).await? {
            Repair::Impossible(_) => Ok(false),
            Repair::None | Repair::Done => {
                let close = CloseDiscrepancy { id: known.id, expected: known.version };
                self.try_execute(close, context).await
            }
        }
    }
}
