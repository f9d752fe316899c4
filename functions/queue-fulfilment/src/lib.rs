//! The order saga: takes every order from its placing to its end, and undoes what was done when it is called off.
//!
//! What comes next is decided in [`shared::domain::order::fulfilment`], purely; this is where it is done. A message only
//! says that an order is to be looked at: the order's own state says what is left to do, so that a message that comes
//! twice, late or after a crash finds either the same step or nothing.

use std::time::Duration;

use shared::domain::order::fulfilment::advance::Move;
use shared::domain::order::fulfilment::attempts::NoteFailedAttempt;
use shared::domain::order::fulfilment::{Effect, OrderSaga};
use shared::domain::order::{OrderEvent, OrderId};
use shared::domain::payment::ChargeIntent;
use shared::domain::refund::RefundIntent;
use shared::kit::command::saga::{DriveError, drive};
use shared::kit::command::{Cause, Envelope, Store};
use shared::kit::queue::consumer::per_record::Consumer;
use shared::kit::queue::consumer::{BACKOFF, Delivery, Each, Outcome};
use shared::kit::system::clock::{Clock, Entropy, SystemClock, SystemEntropy};
use shared::kit::system::config::{ConfigError, Environment};
use shared::payment_gateway::{
    ChargeAnswer, Charged, GatewayError, Opened, PaymentGateway, RefundAnswer, Refunded, Settled,
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
const LONGEST: Duration = Duration::from_secs(22);

/// So many charges of an order may fail without a delivery being counted: then it is the order that makes the gateway fail.
const MOST_CHARGES: u32 = 5;

/// How far apart orders come back that waited for the same gateway.
const SPREAD: Duration = Duration::from_secs(1);

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
    pub fn one_by_one(self) -> Each<Self, C> {
        let clock = self.clock.clone();
        Each { consumer: self, clock, concurrency: CONCURRENCY, longest: LONGEST }
    }
}

impl<S: Store, G: PaymentGateway, C: Clock, R: Entropy> Consumer for Fulfilment<S, G, C, R> {
    type Event = OrderEvent;

    async fn handle(&self, event: Envelope<OrderEvent>, delivery: &Delivery) -> Outcome {
        let saga = OrderSaga { id: event.event.order_id(), payment_window: self.payment_window };
        let cause = Cause::new(event.correlation_id, self.clock.now());
        let perform = |effect| self.perform(effect, &cause);
        match drive(&saga, (&self.store, &self.clock), &cause, perform).await {
            Ok(_) => Outcome::Done,
            Err(DriveError::Broken(broken)) => Outcome::Permanent { reason: broken.to_string() },
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
struct Stuck {
    step: &'static str,
    /// How many charges of the order were decided on, if it is at one.
    charges: u32,
    error: GatewayError,
}

impl<S: Store, G: PaymentGateway, C: Clock, R: Entropy> Fulfilment<S, G, C, R> {
    /// Asks the gateway, and says which move its answer means.
    async fn perform(&self, effect: Effect, cause: &Cause) -> Result<Move, Stuck> {
        let correlation = &cause.correlation_id;
        let (step, charges) = (name_of(&effect), charges_until(&effect));
        let answer = match effect {
            Effect::Charge(intent) => {
                let answer = self.gateway.charge(&intent, correlation).await;
                answer.map(|answer| charged_by(&intent, answer))
            }
            Effect::Find(intent) => self.find(&intent, cause).await,
            Effect::Settle(intent) => {
                let settled = self.gateway.settle(&intent, correlation).await;
                settled.map(|settled| settled_by(&intent, settled))
            }
            Effect::FindAbandoned(intent) => {
                self.gateway.find(&intent, correlation).await.map(|found| match found {
                    Some(Charged::Captured(capture)) => Move::Captured(capture),
                    Some(Charged::Declined(_)) | None => Move::NotCharged,
                })
            }
            Effect::Open(intent) => {
                self.gateway.open(&intent, correlation).await.map(|opened| match opened {
                    Opened::Payable(checkout) => Move::Payable(checkout),
                    Opened::Refused(code) => Move::Declined(code),
                })
            }
            Effect::Refund(intent) => self.refund(&intent, cause).await,
            Effect::FindRefund(intent) => {
                let found = self.gateway.find_refund(&intent, correlation).await;
                let anew = Move::RefundAnew(intent.number, intent.attempt);
                found.map(|found| found.map_or(anew, |refunded| refunded_by(&intent, refunded)))
            }
        };
        answer.map_err(|error| Stuck { step, charges, error })
    }

    async fn find(&self, intent: &ChargeIntent, cause: &Cause) -> Result<Move, GatewayError> {
        match self.gateway.find(intent, &cause.correlation_id).await? {
            Some(charged) => Ok(moved_by(charged)),
            // Decided on since this message came: once per message is enough.
            None if intent.decided_at >= cause.at => {
                Err(GatewayError::Undecided { known_in: Duration::ZERO })
            }
            None => Ok(Move::ChargeAnew(intent.attempt)),
        }
    }

    async fn refund(&self, intent: &RefundIntent, cause: &Cause) -> Result<Move, GatewayError> {
        match self.gateway.refund(intent, &cause.correlation_id).await? {
            RefundAnswer::Ended(refunded) => Ok(refunded_by(intent, refunded)),
            // Decided on since this message came: once per message is enough.
            RefundAnswer::NotRefunded if intent.decided_at >= cause.at => Err(GatewayError::Unavailable),
            RefundAnswer::NotRefunded => Ok(Move::RefundAnew(intent.number, intent.attempt)),
        }
    }

    /// Notes for the people concerned why the order does not get on, and lets its message come back.
    async fn try_later(
        &self,
        order_id: OrderId,
        Stuck { step, charges, error }: Stuck,
        cause: &Cause,
        delivery: &Delivery,
    ) -> Outcome {
        let reason = public_words(error);
        let backoff = BACKOFF.delay(delivery.receive_count, &self.entropy).unwrap_or_default();
        let (delay, made) = match error {
            GatewayError::Undecided { known_in } => (known_in.max(backoff), true),
            // Spread, so that those who waited together do not all come at once.
            GatewayError::Resting { back_in, asked } => (back_in + self.entropy.jitter(SPREAD), asked),
            GatewayError::Unavailable | GatewayError::Unexpected | GatewayError::Misconfigured => {
                (backoff, true)
            }
        };
        let now = self.clock.now();
        let note = NoteFailedAttempt { order_id, step, error: reason, next_at: now.plus(delay), made };
        if self.store.execute(note, &cause.at(now)).await.is_err() {
            tracing::warn!("a failed attempt could not be noted");
        }
        match error {
            // The gateway is down for every order: none of them is to die of that.
            GatewayError::Resting { .. } => Outcome::Postpone { after: delay, reason },
            // What is waited for is the gateway's search. Whose charges all fail is to blame in the end.
            GatewayError::Undecided { .. } if charges <= MOST_CHARGES => {
                Outcome::Postpone { after: delay, reason }
            }
            _ => Outcome::Retry { after: Some(delay), reason },
        }
    }
}

fn moved_by(charged: Charged) -> Move {
    match charged {
        Charged::Captured(capture) => Move::Captured(capture),
        Charged::Declined(code) => Move::Declined(code),
    }
}

fn charged_by(intent: &ChargeIntent, answer: ChargeAnswer) -> Move {
    match answer {
        ChargeAnswer::Ended(charged) => moved_by(charged),
        ChargeAnswer::Failed => Move::ChargeFailed(intent.attempt),
    }
}

fn settled_by(intent: &ChargeIntent, settled: Settled) -> Move {
    match settled {
        Settled::Captured(capture) => Move::Captured(capture),
        Settled::NotCharged => Move::NotCharged,
        Settled::Failed => Move::ChargeFailed(intent.attempt),
    }
}

fn refunded_by(intent: &RefundIntent, refunded: Refunded) -> Move {
    match refunded {
        Refunded::Done => Move::Refunded(intent.number),
        Refunded::Refused(code) => Move::RefundRefused(intent.number, code),
    }
}

/// How many charges of its order there are, the one of this effect included.
const fn charges_until(effect: &Effect) -> u32 {
    match effect {
        Effect::Charge(intent)
        | Effect::Find(intent)
        | Effect::Settle(intent)
        | Effect::FindAbandoned(intent) => intent.attempt,
        Effect::Open(_) | Effect::Refund(_) | Effect::FindRefund(_) => 0,
    }
}

const fn name_of(effect: &Effect) -> &'static str {
    match effect {
        Effect::Charge(_) | Effect::Find(_) => "charging",
        Effect::Settle(_) | Effect::FindAbandoned(_) => "checking the charge",
        Effect::Open(_) => "awaiting payment",
        Effect::Refund(_) | Effect::FindRefund(_) => "refunding",
    }
}

const fn public_words(error: GatewayError) -> &'static str {
    match error {
        GatewayError::Unavailable | GatewayError::Resting { .. } => "the payment gateway does not answer",
        GatewayError::Undecided { .. } => "the payment gateway failed; the charge is being looked up",
        GatewayError::Unexpected => "the payment gateway gave an unexpected answer",
        GatewayError::Misconfigured => "the payment gateway does not accept our requests",
    }
}
