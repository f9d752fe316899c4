//! What differed a round ago is looked at again, however old the payment is: it is noted once more, or closed.

use shared::domain::reconciliation::compare::{Finding, compare};
use shared::domain::reconciliation::discrepancy::{CloseDiscrepancy, Discrepancy, RecordDiscrepancy};
use shared::kit::command::{CommandContext, ReadSet, Store};
use shared::kit::system::clock::{Clock, Timestamp};
use shared::payment_gateway::{PaymentGateway, PaymentLedger};
use shared::repository::payment::discrepancy::DiscrepancyReader;

use super::{ReconcileError, Reconciliation};
use crate::PAGE;

impl<S: Store, G: PaymentGateway + PaymentLedger> Reconciliation<S, G> {
    /// Looks again at what was open before this round; says how much of it is right by now.
    ///
    /// # Errors
    /// [`ReconcileError`]; what was not looked at then is looked at by the next tick.
    pub async fn review(
        &self,
        reader: &impl DiscrepancyReader,
        cause: &CommandContext,
        (clock, deadline): (&impl Clock, Timestamp),
    ) -> Result<usize, ReconcileError> {
        let unseen = reader.stale_discrepancies(cause.at.saturating_sub(self.rounds.apart), PAGE).await?;
        let known: Vec<Option<Discrepancy>> = self.store.load(ReadSet::get_all(&unseen)).await?;
        let mut closed = 0;
        for discrepancy in known.into_iter().flatten() {
            if clock.now() >= deadline {
                break;
            }
            closed += usize::from(self.look_again(discrepancy, &cause.at(clock.now())).await?);
        }
        Ok(closed)
    }

    /// Whether the books agree about it now.
    async fn look_again(&self, known: Discrepancy, cause: &CommandContext) -> Result<bool, ReconcileError> {
        let Some(entry) = self.gateway.entry(&known.id, &cause.correlation_id).await? else {
            // It stood in the books before, and does not any more: that is no agreement.
            let seen = Discrepancy { last_seen_at: cause.at, ..known };
            self.done(RecordDiscrepancy(seen), cause).await?;
            return Ok(false);
        };
        let entries = [entry];
        let mut found = self.with_orders(&entries).await?;
        let Some((entry, order, payment)) = found.pop() else { return Ok(false) };
        let (order, payment) = (order.as_ref(), payment.as_ref());
        match compare(entry, order, payment) {
            Finding::Mismatch(difference) => {
                let seen = Discrepancy::seen((entry, order, payment), difference, cause.at);
                self.report(seen, cause).await?;
                Ok(false)
            }
            finding => {
                self.repair(finding, entry, cause).await?;
                let close = CloseDiscrepancy { id: known.id, expected: known.version };
                self.done(close, cause).await
            }
        }
    }
}
