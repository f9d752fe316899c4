//! The order saga: takes each order from its creation to its end, and compensates completed steps when it is
//! cancelled.
//!
//! [`shared::domain::order::fulfilment`] decides the next step, without side effects; this crate carries it
//! out. A message only names an order: the stored order determines the remaining steps. A message that is
//! duplicated, late or redelivered after a crash therefore repeats the same step or does nothing.
//!
//! A message that names an account closes the markets of the account, if it is suspended or deleted, and requests
//! the erasure of its delivery addresses, if it is deleted.

mod account_changed;
mod close_markets;
mod erase_addresses;
mod event;

use std::time::Duration;

use shared::domain::order::OrderId;
use shared::domain::order::fulfilment::advance::FulfilmentTransition;
use shared::domain::order::fulfilment::attempts::RecordFailedAttempt;
use shared::domain::order::fulfilment::record_refund::RefundRefusal;
use shared::domain::order::fulfilment::{Effect, OrderSaga};
use shared::domain::order::payment::ChargeIntent;
use shared::domain::order::payment::refund::RefundIntent;
use shared::kit::aws::dynamodb::DynamoReader;
use shared::kit::command::saga::{SagaError, run_saga};
use shared::kit::command::{CommandContext, Envelope, Store, StoreError};
use shared::kit::queue::consumer::per_record::Consumer;
use shared::kit::queue::consumer::{Delivery, Outcome, PerRecord, RETRY_BACKOFF};
use shared::kit::resilience::pacing::{Pacer, Schedule, Turn};
use shared::kit::system::clock::{Clock, Entropy, SystemClock, SystemEntropy};
use shared::kit::system::config::{ConfigError, Environment};
use shared::kit::telemetry::catalogue::REFUND_FAILURES;
use shared::kit::telemetry::metrics;
use shared::kit::telemetry::trace;
use shared::kit::telemetry::trace::TracedSpan;
use shared::payment_gateway::{
    ChargeAnswer, ChargeOutcome, ChargeResolution, CheckoutClosure, CheckoutOutcome, GatewayError,
    PaymentGateway, RefundAnswer,
};

pub use crate::event::FulfilmentEvent;

/// Consumer that runs the sagas of the orders of a queue.
#[derive(Debug, Clone)]
pub struct Fulfilment<S, G, C = SystemClock, R = SystemEntropy> {
    store: S,
    reader: DynamoReader,
    gateway: G,
    /// Paces the calls to the gateway.
    pacer: Pacer<C>,
    clock: C,
    entropy: R,
    payment_window: Duration,
}

/// Number of orders of a batch processed concurrently.
const CONCURRENCY: usize = 10;
/// Maximum duration of one order: its turn, two calls to the gateway, and commits.
const MAX_DURATION: Duration = Duration::from_secs(23);

/// Reason of deferring an order.
const WAITS: &str = "waits for its turn to call the payment gateway";

/// Maximum jitter between orders that wait for the same gateway.
const JITTER: Duration = Duration::from_secs(1);

impl<S: Store, G: PaymentGateway> Fulfilment<S, G> {
    /// Creates a consumer on these adapters, with the settings of the environment.
    ///
    /// # Errors
    /// [`ConfigError`] if a variable is missing or invalid.
    pub fn new(env: &Environment, store: S, reader: DynamoReader, gateway: G) -> Result<Self, ConfigError> {
        let window = env.parse("AGORA_PAYMENT_WINDOW_SECONDS")?;
        let payment_window = Duration::from_secs(window);
        let pacer = Pacer::new("payment-gateway", env.parse("AGORA_PAYMENT_GATEWAY_CALLS_PER_SECOND")?);
        let (clock, entropy) = (SystemClock, SystemEntropy);
        Ok(Self { store, reader, gateway, pacer, clock, entropy, payment_window })
    }
}

impl<S: Store, G: PaymentGateway, C: Clock, R: Entropy> Fulfilment<S, G, C, R> {
    /// Replaces the clock and the entropy source.
    pub fn with_clock_and_entropy<D: Clock, T: Entropy>(
        self,
        clock: D,
        entropy: T,
    ) -> Fulfilment<S, G, D, T> {
        let Self { store, reader, gateway, pacer, payment_window, .. } = self;
        let pacer = pacer.with_clock(clock.clone());
        Fulfilment { store, reader, gateway, pacer, clock, entropy, payment_window }
    }

    /// Converts it into a batch handler that processes the orders of a batch concurrently.
    pub fn into_handler(self) -> PerRecord<Self, C> {
        let clock = self.clock.clone();
        PerRecord { consumer: self, clock, concurrency: CONCURRENCY, max_duration: MAX_DURATION }
    }
}

impl<S: Store + Schedule, G: PaymentGateway, C: Clock, R: Entropy> Consumer for Fulfilment<S, G, C, R> {
    type Event = FulfilmentEvent;

    async fn handle(&self, event: Envelope<FulfilmentEvent>, delivery: &Delivery) -> Outcome {
        let context = CommandContext::new(event.correlation_id, self.clock.now());
        let is_refund_failure = matches!(event.event, FulfilmentEvent::RefundFailed { .. });
        let (id, market_id) = match event.event {
            FulfilmentEvent::Order { order_id, market_id }
            | FulfilmentEvent::RefundFailed { order_id, market_id } => (order_id, market_id),
            FulfilmentEvent::Account { user_id } => return self.account_changed(user_id, &context).await,
        };
        TracedSpan::current().set_attribute(trace::entity_id("market", market_id.to_string()));
        // Before the saga, because a charge that is recorded as started is looked up instead of made.
        match self.pacer.turn(delivery.call_slot(), &self.store).await {
            Ok(Turn::Now) => {}
            Ok(Turn::At(until)) => return Outcome::Defer { until, reason: WAITS },
            Err(error) => return store_failed(&error, "failed to take a slot for a call to the gateway"),
        }
        let context = context.at(self.clock.now());
        let saga = OrderSaga { id, payment_window: self.payment_window };
        let perform = |effect| self.perform(effect, &context);
        let outcome = match run_saga(&saga, &self.store, &self.clock, &context, perform).await {
            Ok(_) => Outcome::Done,
            Err(SagaError::InvariantViolation(violation)) => {
                Outcome::DeadLetter { reason: violation.to_string() }
            }
            Err(SagaError::Call(failed)) => self.retry_later(saga.id, failed, &context, delivery).await,
            Err(SagaError::Contention) => {
                Outcome::Retry { after: None, reason: "too many concurrent changes to the order" }
            }
            Err(SagaError::Store(StoreError::Malformed(malformed))) => {
                malformed.report();
                Outcome::DeadLetter { reason: "the stored order cannot be parsed".to_owned() }
            }
            Err(SagaError::Store(error)) => store_failed(&error, "failed to load or store the order"),
        };
        // Counted once, when the message ends: it is sent again if it is not started, is deferred or fails.
        if is_refund_failure && matches!(outcome, Outcome::Done | Outcome::DeadLetter { .. }) {
            metrics::count(&REFUND_FAILURES, []);
            tracing::warn!(order_id = %id, "a refund has failed");
        }
        outcome
    }
}

/// Outcome if the table does not respond.
const TABLE_UNAVAILABLE: Outcome = Outcome::Retry { after: None, reason: "the table did not respond" };

fn store_failed(error: &StoreError, message: &'static str) -> Outcome {
    tracing::warn!(%error, "{message}");
    TABLE_UNAVAILABLE
}

/// Failed gateway call, or one with an unknown outcome.
#[derive(Debug, thiserror::Error)]
#[error("{step}: {error}")]
struct FailedStep {
    step: &'static str,
    error: GatewayError,
}

impl<S: Store, G: PaymentGateway, C: Clock, R: Entropy> Fulfilment<S, G, C, R> {
    /// Calls the gateway and returns the transition that follows from its response.
    async fn perform(
        &self,
        effect: Effect,
        context: &CommandContext,
    ) -> Result<FulfilmentTransition, FailedStep> {
        let correlation = &context.correlation_id;
        let step = step_name(&effect);
        let result = match effect {
            Effect::Charge(intent) => {
                let answer = self.gateway.charge(&intent, correlation).await;
                answer.map(|answer| after_charge_answer(&intent, answer))
            }
            Effect::FindCharge(intent) => self.find(&intent, context).await,
            Effect::ResolveCharge(intent) => {
                let resolved = self.gateway.resolve_charge(&intent, correlation).await;
                resolved.map(|resolution| after_charge_resolution(&intent, resolution))
            }
            Effect::FindCancelledCharge(intent) => self.find_cancelled(&intent, context).await,
            Effect::CreateCheckout(intent) => {
                self.gateway.create_checkout(&intent, correlation).await.map(|outcome| match outcome {
                    CheckoutOutcome::Payable(checkout) => FulfilmentTransition::Payable(checkout),
                    CheckoutOutcome::Refused(code) => FulfilmentTransition::Declined(code),
                })
            }
            Effect::CloseCheckout(checkout) => {
                let closed = self.gateway.close_checkout(&checkout.gateway_id, correlation).await;
                closed.map(|closure| match closure {
                    CheckoutClosure::Closed => FulfilmentTransition::CheckoutClosed,
                    CheckoutClosure::Captured(capture) => FulfilmentTransition::Captured(capture),
                    CheckoutClosure::Processing => FulfilmentTransition::PaymentProcessing,
                })
            }
            Effect::Refund(intent) => self.refund(&intent, context).await,
            Effect::FindRefund(intent) => self.find_refund(&intent, context).await,
        };
        result.map_err(|error| FailedStep { step, error })
    }

    async fn find(
        &self,
        intent: &ChargeIntent,
        context: &CommandContext,
    ) -> Result<FulfilmentTransition, GatewayError> {
        match self.gateway.find(intent, &context.correlation_id).await? {
            Some(outcome) => Ok(after_charge(outcome)),
            // The charge was started while this message was handled: one attempt per message.
            None if intent.decided_at >= context.at => Err(GatewayError::Unknown),
            None => Ok(FulfilmentTransition::RetryCharge(intent.attempt)),
        }
    }

    /// Finds the charge of a cancelled order. One that is being processed is closed, or else looked up again.
    async fn find_cancelled(
        &self,
        intent: &ChargeIntent,
        context: &CommandContext,
    ) -> Result<FulfilmentTransition, GatewayError> {
        let correlation = &context.correlation_id;
        let waiting = match self.gateway.find(intent, correlation).await? {
            Some(ChargeOutcome::Captured(capture)) => return Ok(FulfilmentTransition::Captured(capture)),
            Some(ChargeOutcome::Declined(_)) | None => return Ok(FulfilmentTransition::NotCharged),
            Some(ChargeOutcome::Waiting(checkout)) => checkout,
        };
        match self.gateway.close_checkout(&waiting.gateway_id, correlation).await? {
            CheckoutClosure::Closed => Ok(FulfilmentTransition::NotCharged),
            CheckoutClosure::Captured(capture) => Ok(FulfilmentTransition::Captured(capture)),
            CheckoutClosure::Processing => Err(GatewayError::Unknown),
        }
    }

    async fn refund(
        &self,
        intent: &RefundIntent,
        context: &CommandContext,
    ) -> Result<FulfilmentTransition, GatewayError> {
        match self.gateway.refund(intent, &context.correlation_id).await? {
            RefundAnswer::Accepted(refund) => Ok(FulfilmentTransition::RefundReported(refund)),
            // Another part may have been refunded at the gateway itself.
            RefundAnswer::Refused(code) => {
                let refunds = self.gateway.refunds(&intent.gateway_id, &context.correlation_id).await?;
                let (number, attempt) = (intent.number, intent.attempt);
                Ok(FulfilmentTransition::RefundRefused(RefundRefusal { number, attempt, code, refunds }))
            }
            // The refund was started while this message was handled: one attempt per message.
            RefundAnswer::NotRefunded if intent.decided_at >= context.at => Err(GatewayError::Unavailable),
            RefundAnswer::NotRefunded => Ok(FulfilmentTransition::RetryRefund(intent.number, intent.attempt)),
        }
    }

    /// Finds a refund by its name, or starts another attempt.
    async fn find_refund(
        &self,
        intent: &RefundIntent,
        context: &CommandContext,
    ) -> Result<FulfilmentTransition, GatewayError> {
        let refunds = self.gateway.refunds(&intent.gateway_id, &context.correlation_id).await?;
        let own = refunds.into_iter().find(|refund| refund.is_requested_by(intent));
        let retry = FulfilmentTransition::RetryRefund(intent.number, intent.attempt);
        Ok(own.map_or(retry, FulfilmentTransition::RefundReported))
    }

    /// Records the failed attempt, which buyer and seller can read, and retries the message.
    async fn retry_later(
        &self,
        order_id: OrderId,
        FailedStep { step, error }: FailedStep,
        context: &CommandContext,
        delivery: &Delivery,
    ) -> Outcome {
        let reason = user_message(error);
        let backoff = RETRY_BACKOFF.delay(delivery.attempt(), &self.entropy).unwrap_or_default();
        let (delay, made) = match error {
            GatewayError::Throttled { retry_after } => (retry_after.max(backoff), true),
            // The jitter spreads orders that waited for the same gateway.
            GatewayError::CircuitOpen { retry_after, attempted } => {
                (retry_after + self.entropy.jitter(JITTER), attempted)
            }
            GatewayError::Unknown
            | GatewayError::Unavailable
            | GatewayError::Unexpected
            | GatewayError::Misconfigured => (backoff, true),
        };
        let now = self.clock.now();
        let record =
            RecordFailedAttempt { order_id, step, error: reason, next_at: now.saturating_add(delay), made };
        if self.store.execute(record, &context.at(now)).await.is_err() {
            tracing::warn!(%order_id, "failed to record a failed attempt");
        }
        Outcome::Retry { after: Some(delay), reason }
    }
}

fn after_charge(outcome: ChargeOutcome) -> FulfilmentTransition {
    match outcome {
        ChargeOutcome::Captured(capture) => FulfilmentTransition::Captured(capture),
        ChargeOutcome::Declined(code) => FulfilmentTransition::Declined(code),
        ChargeOutcome::Waiting(checkout) => FulfilmentTransition::ActionRequired(checkout),
    }
}

fn after_charge_answer(intent: &ChargeIntent, answer: ChargeAnswer) -> FulfilmentTransition {
    match answer {
        ChargeAnswer::Known(outcome) => after_charge(outcome),
        ChargeAnswer::Failed => FulfilmentTransition::ChargeFailed(intent.attempt),
    }
}

fn after_charge_resolution(intent: &ChargeIntent, resolution: ChargeResolution) -> FulfilmentTransition {
    match resolution {
        ChargeResolution::Captured(capture) => FulfilmentTransition::Captured(capture),
        ChargeResolution::NotCharged => FulfilmentTransition::NotCharged,
        ChargeResolution::Failed => FulfilmentTransition::ChargeFailed(intent.attempt),
    }
}

const fn step_name(effect: &Effect) -> &'static str {
    match effect {
        Effect::Charge(_) | Effect::FindCharge(_) => "charging",
        Effect::ResolveCharge(_) | Effect::FindCancelledCharge(_) => "checking the charge",
        Effect::CreateCheckout(_) => "awaiting payment",
        Effect::CloseCheckout(_) => "closing the checkout",
        Effect::Refund(_) | Effect::FindRefund(_) => "refunding",
    }
}

const fn user_message(error: GatewayError) -> &'static str {
    match error {
        GatewayError::Unavailable | GatewayError::CircuitOpen { .. } => {
            "the payment gateway does not respond"
        }
        GatewayError::Unknown => "the outcome of the charge is unknown and is being looked up",
        GatewayError::Throttled { .. } => "the payment gateway limits the rate of our calls",
        GatewayError::Unexpected => "the payment gateway sent an unexpected response",
        GatewayError::Misconfigured => "the payment gateway rejects our requests",
    }
}
