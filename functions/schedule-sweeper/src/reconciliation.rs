//! The gateway's books against ours: what is missing here is put right, what contradicts itself is noted for people.

mod recheck_open;

use std::time::Duration;

use shared::domain::order::fulfilment::advance::{AdvanceOrder, FulfilmentTransition};
use shared::domain::order::fulfilment::record_capture::RecordCapture;
use shared::domain::order::{Order, OrderId};
use shared::domain::payment::{Capture, Payment};
use shared::domain::reconciliation::GatewayRecord;
use shared::domain::reconciliation::compare::{Finding, compare};
use shared::domain::reconciliation::cursor::{
    AdvanceCursor, PaymentsCursorKey, ReconciliationCursor, RoundConfig,
};
use shared::domain::reconciliation::discrepancy::{Discrepancy, RecordDiscrepancy};
use shared::domain::refund::RefundIntent;
use shared::kit::command::{Command, CommandContext, ExecuteError, ReadSet, Store, StoreError, Version};
use shared::kit::system::clock::{Clock, Timestamp};
use shared::kit::system::config::{ConfigError, Environment};
use shared::payment_gateway::{GatewayError, LedgerQuery, PaymentGateway, PaymentLedger, RefundOutcome};

use crate::due::is_done;

/// How many pages of the gateway's books a tick compares at most.
const PAGES: usize = 10;

/// How long after its order's end a payment is looked at still: it may be open yet, or be given back.
const LOOKBACK_AFTER_EXPIRY: Duration = Duration::from_hours(1);

/// Compares the gateway's books with ours.
#[derive(Debug, Clone)]
pub struct Reconciliation<S, G> {
    /// Carries out what puts things right.
    pub store: S,
    /// Whose books they are.
    pub gateway: G,
    /// When rounds begin.
    pub rounds: RoundConfig,
}

/// How much came of a tick.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ReconciliationSummary {
    /// Payments that were compared.
    pub compared: usize,
    /// What was put right.
    pub healed: usize,
    /// What nobody can put right by rule.
    pub differing: usize,
}

/// Why a tick ended early; the next goes on from the same page.
#[derive(Debug, thiserror::Error)]
pub enum ReconcileError {
    /// The table did not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The gateway did not.
    #[error(transparent)]
    Gateway(#[from] GatewayError),
}

impl<S: Store, G: PaymentGateway + PaymentLedger> Reconciliation<S, G> {
    /// On these adapters, with the settings of the environment.
    ///
    /// # Errors
    /// [`ConfigError`] naming the variable.
    pub fn from_env(env: &Environment, store: S, gateway: G) -> Result<Self, ConfigError> {
        let apart = Duration::from_secs(env.parse("AGORA_RECONCILIATION_SECONDS")?);
        let window = Duration::from_secs(env.parse("AGORA_PAYMENT_WINDOW_SECONDS")?);
        Ok(Self { store, gateway, rounds: RoundConfig { apart, overlap: window + LOOKBACK_AFTER_EXPIRY } })
    }

    /// Compares what is due, page by page, until the round is through or the tick is up.
    ///
    /// # Errors
    /// [`ReconcileError`].
    pub async fn tick(
        &self,
        cause: &CommandContext,
        (clock, deadline): (&impl Clock, Timestamp),
    ) -> Result<ReconciliationSummary, ReconcileError> {
        let mut reconciled = ReconciliationSummary::default();
        let mut position = self.position(cause).await?;
        for _ in 0..PAGES {
            let now = clock.now();
            let Some(at) = position.take().filter(|at| at.due_at <= now && now < deadline) else { break };
            let (from, at) = (Some(at.version), at.at(now));
            let next = self.page(&at, &cause.at(now), &mut reconciled).await?;
            position = self.move_on(from, next, cause).await?.filter(|next| next.after.is_some());
        }
        Ok(reconciled)
    }

    /// Where the comparing stands.
    async fn position(&self, cause: &CommandContext) -> Result<Option<ReconciliationCursor>, ReconcileError> {
        match self.store.load(ReadSet::get(&PaymentsCursorKey)).await? {
            Some(position) => Ok(Some(position)),
            None => self.move_on(None, ReconciliationCursor::first(self.rounds, cause.at), cause).await,
        }
    }

    /// `None` if another tick is at it.
    async fn move_on(
        &self,
        from: Option<Version>,
        to: ReconciliationCursor,
        cause: &CommandContext,
    ) -> Result<Option<ReconciliationCursor>, ReconcileError> {
        match self.store.execute(AdvanceCursor { from, to }, cause).await {
            Ok(moved) => Ok(Some(moved.into_output())),
            Err(ExecuteError::Store(error)) => Err(error.into()),
            Err(_) => Ok(None),
        }
    }

    /// Compares one page; says where to go on.
    async fn page(
        &self,
        at: &ReconciliationCursor,
        cause: &CommandContext,
        reconciled: &mut ReconciliationSummary,
    ) -> Result<ReconciliationCursor, ReconcileError> {
        let excerpt = LedgerQuery { from: at.from, until: at.until, after: at.after.clone() };
        let page = self.gateway.page(&excerpt, &cause.correlation_id).await?;
        for (entry, order, payment) in self.with_orders(&page.entries).await? {
            reconciled.compared += 1;
            match compare(entry, order.as_ref(), payment.as_ref()) {
                Finding::Matched => {}
                Finding::Mismatch(difference) => {
                    reconciled.differing += 1;
                    let seen =
                        Discrepancy::seen((entry, order.as_ref(), payment.as_ref()), difference, cause.at);
                    self.report(seen, cause).await?;
                }
                finding => reconciled.healed += usize::from(self.repair(finding, entry, cause).await?),
            }
        }
        Ok(match page.entries.last() {
            Some(last) if page.has_more => at.clone().after_page(last.gateway_id.clone()),
            _ => at.clone().after_round(self.rounds, cause.at),
        })
    }

    /// Notes what nobody can put right by rule.
    async fn report(&self, seen: Discrepancy, cause: &CommandContext) -> Result<(), ReconcileError> {
        let Discrepancy { id, order_id, difference, .. } = &seen;
        tracing::error!(payment = %id, ?order_id, %difference, "the books of the payment gateway differ");
        self.done(RecordDiscrepancy(seen), cause).await.map(|_| ())
    }

    /// Entries with their orders and payments, as they are now: read after the entries were.
    async fn with_orders<'a>(
        &self,
        entries: &'a [GatewayRecord],
    ) -> Result<Vec<(&'a GatewayRecord, Option<Order>, Option<Payment>)>, StoreError> {
        let mut ids: Vec<OrderId> = entries.iter().filter_map(|entry| entry.order_id).collect();
        ids.sort_unstable();
        ids.dedup();
        let payment_ids: Vec<_> = ids.iter().map(|id| Payment::id_for(*id)).collect();
        let reads = ReadSet::<Vec<Option<Order>>>::get_all(&ids)
            .and(ReadSet::<Vec<Option<Payment>>>::get_all(&payment_ids));
        let (orders, payments) = self.store.load(reads).await?;
        let find = |entry: &'a GatewayRecord| {
            let place = entry.order_id.and_then(|id| ids.binary_search(&id).ok());
            let (order, payment) =
                place.map_or((None, None), |at| (orders[at].clone(), payments[at].clone()));
            (entry, order, payment)
        };
        Ok(entries.iter().map(find).collect())
    }

    /// Does what the finding asks for; says whether there was anything to be done.
    async fn repair(
        &self,
        finding: Finding,
        entry: &GatewayRecord,
        cause: &CommandContext,
    ) -> Result<bool, ReconcileError> {
        match finding {
            Finding::MissingCapture(order_id, capture) => self.receive(order_id, capture, cause).await,
            Finding::MissingRefund(intent) => self.settle(&intent, cause).await,
            Finding::OpenCheckout => {
                self.gateway.close(&entry.gateway_id, &cause.correlation_id).await?;
                Ok(true)
            }
            Finding::Matched | Finding::Mismatch(_) => Ok(false),
        }
    }

    /// As if the webhook had come.
    async fn receive(
        &self,
        order_id: OrderId,
        capture: Capture,
        cause: &CommandContext,
    ) -> Result<bool, ReconcileError> {
        self.done(RecordCapture { order_id, capture }, cause).await
    }

    /// As if the answer had come.
    async fn settle(&self, intent: &RefundIntent, cause: &CommandContext) -> Result<bool, ReconcileError> {
        let found = self.gateway.find_refund(intent, &cause.correlation_id).await?;
        if found != Some(RefundOutcome::Done) {
            return Ok(false);
        }
        let (id, by) = (intent.order_id, FulfilmentTransition::Refunded(intent.number));
        // The window is for orders whose stock is being reserved; this one has been paid.
        let payment_window = Duration::ZERO;
        self.done(AdvanceOrder { id, by, payment_window }, cause).await
    }

    /// Whether the command was carried out; it is not if the order has heard of it meanwhile.
    async fn done<C: Command>(&self, command: C, cause: &CommandContext) -> Result<bool, ReconcileError> {
        Ok(is_done(&self.store, command, cause).await?)
    }
}
