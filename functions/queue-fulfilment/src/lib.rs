//! The order saga: takes every order from its placing to its end, and undoes what was done when it is called off.
//!
//! What comes next is decided in [`shared::domain::order::fulfilment`], purely; this is where it is done. A message only
//! says that an order is to be looked at: the order's own state says what is left to do, so that a message that comes
//! twice, late or after a crash finds either the same step or nothing.

use std::time::Duration;

use shared::domain::order::fulfilment::advance::FulfilmentTransition;
use shared::domain::order::fulfilment::attempts::RecordFailedAttempt;
use shared::domain::order::fulfilment::{Effect, OrderSaga};
use shared::domain::order::{OrderEvent, OrderId};
use shared::domain::payment::ChargeIntent;
use shared::domain::refund::RefundIntent;
use shared::kit::command::saga::{DriveError, run_saga};
use shared::kit::command::{CommandContext, Envelope, Store};
use shared::kit::queue::consumer::per_record::Consumer;
use shared::kit::queue::consumer::{Delivery, Outcome, PerRecord, RETRY_BACKOFF};
use shared::kit::system::clock::{Clock, Entropy, SystemClock, SystemEntropy};
use shared::kit::system::config::{ConfigError, Environment};
use shared::payment_gateway::{
    ChargeAnswer, ChargeOutcome, ChargeResolution, CheckoutOutcome, GatewayError, PaymentGateway,
    RefundAnswer, RefundOutcome,
};

/// Carries the orders of a queue through their sagas.
#[derive(Debug, Clone)]
pub struct Fulfilment<S, G, C = SystemClock, R = SystemEntropy> {
    store: S,
    gateway: G,
    clock: C,
    entropy: R,
    payment_window: Duration,
}

/// How many orders of a batch are worked on at once.
const CONCURRENCY: usize = 10;
/// How long one order takes at most: two calls to the gateway, and commits.
const MAX_DURATION: Duration = Duration::from_secs(22);

/// So many charges of an order may fail without a delivery being counted: then it is the order that makes the gateway fail.
const MAX_CHARGE_ATTEMPTS: u32 = 5;

/// How far apart orders come back that waited for the same gateway.
const JITTER: Duration = Duration::from_secs(1);

impl<S: Store, G: PaymentGateway> Fulfilment<S, G> {
    /// On these adapters, with the settings of the environment.
    ///
    /// # Errors
    /// [`ConfigError`] naming the variable.
    pub fn new(env: &Environment, store: S, gateway: G) -> Result<Self, ConfigError> {
        let window = env.parse("AGORA_PAYMENT_WINDOW_SECONDS")?;
        let payment_window = Duration::from_secs(window);
        Ok(Self { store, gateway, clock: SystemClock, entropy: SystemEntropy, payment_window })
    }
}

impl<S: Store, G: PaymentGateway, C: Clock, R: Entropy> Fulfilment<S, G, C, R> {
    /// The same, in the time and with the chance given.
    pub fn at<D: Clock, T: Entropy>(self, (clock, entropy): (D, T)) -> Fulfilment<S, G, D, T> {
        let Self { store, gateway, payment_window, .. } = self;
        Fulfilment { store, gateway, clock, entropy, payment_window }
    }

    /// As the handler of a batch: several orders at once, none in another's way.
    pub fn into_handler(self) -> PerRecord<Self, C> {
        let clock = self.clock.clone();
        PerRecord { consumer: self, clock, concurrency: CONCURRENCY, max_duration: MAX_DURATION }
    }
}

impl<S: Store, G: PaymentGateway, C: Clock, R: Entropy> Consumer for Fulfilment<S, G, C, R> {
    type Event = OrderEvent;

    async fn handle(&self, event: Envelope<OrderEvent>, delivery: &Delivery) -> Outcome {
        let saga = OrderSaga { id: event.event.order_id(), payment_window: self.payment_window };
        let cause = CommandContext::new(event.correlation_id, self.clock.now());
        let perform = |effect| self.perform(effect, &cause);
        match run_saga(&saga, (&self.store, &self.clock), &cause, perform).await {
            Ok(_) => Outcome::Done,
            Err(DriveError::InvariantViolation(broken)) => Outcome::DeadLetter { reason: broken.to_string() },
            Err(DriveError::Call(stuck)) => self.try_later(saga.id, stuck, &cause, delivery).await,
            Err(DriveError::Contention) => {
                Outcome::Retry { after: None, reason: "others kept changing the order" }
            }
            Err(DriveError::Store(error)) => {
                tracing::warn!(%error, "the table failed");
                Outcome::Retry { after: None, reason: "the table did not answer" }
            }
        }
    }
}

/// A call that did not say how it ended.
#[derive(Debug)]
struct StuckStep {
    step: &'static str,
    /// How many charges of the order were decided on, if it is at one.
    charges: u32,
    error: GatewayError,
}

impl<S: Store, G: PaymentGateway, C: Clock, R: Entropy> Fulfilment<S, G, C, R> {
    /// Asks the gateway, and says which move its answer means.
    async fn perform(
        &self,
        effect: Effect,
        cause: &CommandContext,
    ) -> Result<FulfilmentTransition, StuckStep> {
        let correlation = &cause.correlation_id;
        let (step, charges) = (name_of(&effect), charges_until(&effect));
        let answer = match effect {
            Effect::Charge(intent) => {
                let answer = self.gateway.charge(&intent, correlation).await;
                answer.map(|answer| charged_by(&intent, answer))
            }
            Effect::Find(intent) => self.find(&intent, cause).await,
            Effect::Settle(intent) => {
                let settled = self.gateway.resolve_charge(&intent, correlation).await;
                settled.map(|settled| settled_by(&intent, settled))
            }
            Effect::FindCancelledCharge(intent) => {
                self.gateway.find(&intent, correlation).await.map(|found| match found {
                    Some(ChargeOutcome::Captured(capture)) => FulfilmentTransition::Captured(capture),
                    Some(ChargeOutcome::Declined(_)) | None => FulfilmentTransition::NotCharged,
                })
            }
            Effect::CreateCheckout(intent) => {
                self.gateway.open(&intent, correlation).await.map(|opened| match opened {
                    CheckoutOutcome::Payable(checkout) => FulfilmentTransition::Payable(checkout),
                    CheckoutOutcome::Refused(code) => FulfilmentTransition::Declined(code),
                })
            }
            Effect::Refund(intent) => self.refund(&intent, cause).await,
            Effect::FindRefund(intent) => {
                let found = self.gateway.find_refund(&intent, correlation).await;
                let anew = FulfilmentTransition::RetryRefund(intent.number, intent.attempt);
                found.map(|found| found.map_or(anew, |refunded| refunded_by(&intent, refunded)))
            }
        };
        answer.map_err(|error| StuckStep { step, charges, error })
    }

    async fn find(
        &self,
        intent: &ChargeIntent,
        cause: &CommandContext,
    ) -> Result<FulfilmentTransition, GatewayError> {
        match self.gateway.find(intent, &cause.correlation_id).await? {
            Some(charged) => Ok(moved_by(charged)),
            // Decided on since this message came: once per message is enough.
            None if intent.decided_at >= cause.at => Err(GatewayError::Unknown { known_in: Duration::ZERO }),
            None => Ok(FulfilmentTransition::RetryCharge(intent.attempt)),
        }
    }

    async fn refund(
        &self,
        intent: &RefundIntent,
        cause: &CommandContext,
    ) -> Result<FulfilmentTransition, GatewayError> {
        match self.gateway.refund(intent, &cause.correlation_id).await? {
            RefundAnswer::Ended(refunded) => Ok(refunded_by(intent, refunded)),
            // Decided on since this message came: once per message is enough.
            RefundAnswer::NotRefunded if intent.decided_at >= cause.at => Err(GatewayError::Unavailable),
            RefundAnswer::NotRefunded => Ok(FulfilmentTransition::RetryRefund(intent.number, intent.attempt)),
        }
    }

    /// Notes for the people concerned why the order does not get on, and lets its message come back.
    async fn try_later(
        &self,
        order_id: OrderId,
        StuckStep { step, charges, error }: StuckStep,
        cause: &CommandContext,
        delivery: &Delivery,
    ) -> Outcome {
        let reason = user_message(error);
        let backoff = RETRY_BACKOFF.delay(delivery.receive_count, &self.entropy).unwrap_or_default();
        let (delay, made) = match error {
            GatewayError::Unknown { known_in } => (known_in.max(backoff), true),
            // Spread, so that those who waited together do not all come at once.
            GatewayError::CircuitOpen { back_in, asked } => (back_in + self.entropy.jitter(JITTER), asked),
            GatewayError::Unavailable | GatewayError::Unexpected | GatewayError::Misconfigured => {
                (backoff, true)
            }
        };
        let now = self.clock.now();
        let note =
            RecordFailedAttempt { order_id, step, error: reason, next_at: now.saturating_add(delay), made };
        if self.store.execute(note, &cause.at(now)).await.is_err() {
            tracing::warn!("a failed attempt could not be noted");
        }
        match error {
            // The gateway is down for every order: none of them is to die of that.
            GatewayError::CircuitOpen { .. } => Outcome::Requeue { after: delay, reason },
            // What is waited for is the gateway's search. Whose charges all fail is to blame in the end.
            GatewayError::Unknown { .. } if charges <= MAX_CHARGE_ATTEMPTS => {
                Outcome::Requeue { after: delay, reason }
            }
            _ => Outcome::Retry { after: Some(delay), reason },
        }
    }
}

fn moved_by(charged: ChargeOutcome) -> FulfilmentTransition {
    match charged {
        ChargeOutcome::Captured(capture) => FulfilmentTransition::Captured(capture),
        ChargeOutcome::Declined(code) => FulfilmentTransition::Declined(code),
    }
}

fn charged_by(intent: &ChargeIntent, answer: ChargeAnswer) -> FulfilmentTransition {
    match answer {
        ChargeAnswer::Ended(charged) => moved_by(charged),
        ChargeAnswer::Failed => FulfilmentTransition::ChargeFailed(intent.attempt),
    }
}

fn settled_by(intent: &ChargeIntent, settled: ChargeResolution) -> FulfilmentTransition {
    match settled {
        ChargeResolution::Captured(capture) => FulfilmentTransition::Captured(capture),
        ChargeResolution::NotCharged => FulfilmentTransition::NotCharged,
        ChargeResolution::Failed => FulfilmentTransition::ChargeFailed(intent.attempt),
    }
}

fn refunded_by(intent: &RefundIntent, refunded: RefundOutcome) -> FulfilmentTransition {
    match refunded {
        RefundOutcome::Done => FulfilmentTransition::Refunded(intent.number),
        RefundOutcome::Refused(code) => FulfilmentTransition::RefundRefused(intent.number, code),
    }
}

/// How many charges of its order there are, the one of this effect included.
const fn charges_until(effect: &Effect) -> u32 {
    match effect {
        Effect::Charge(intent)
        | Effect::Find(intent)
        | Effect::Settle(intent)
        | Effect::FindCancelledCharge(intent) => intent.attempt,
        Effect::CreateCheckout(_) | Effect::Refund(_) | Effect::FindRefund(_) => 0,
    }
}

const fn name_of(effect: &Effect) -> &'static str {
    match effect {
        Effect::Charge(_) | Effect::Find(_) => "charging",
        Effect::Settle(_) | Effect::FindCancelledCharge(_) => "checking the charge",
        Effect::CreateCheckout(_) => "awaiting payment",
        Effect::Refund(_) | Effect::FindRefund(_) => "refunding",
    }
}

const fn user_message(error: GatewayError) -> &'static str {
    match error {
        GatewayError::Unavailable | GatewayError::CircuitOpen { .. } => "the payment gateway does not answer",
        GatewayError::Unknown { .. } => "the payment gateway failed; the charge is being looked up",
        GatewayError::Unexpected => "the payment gateway gave an unexpected answer",
        GatewayError::Misconfigured => "the payment gateway does not accept our requests",
    }
}
