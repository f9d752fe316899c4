//! Sends e-mails about accounts, orders and background jobs.
//!
//! - `event.rs`: events consumed
//! - `compose.rs`: event to e-mails, or the reason for sending none
//! - `templates/`: texts to account owners, buyers, sellers and owners of jobs
//! - `locale.rs`: formats of money and time
//! - `email.rs`: rendering
//! - `send.rs`: sends each e-mail once

mod compose;
mod email;
mod event;
mod locale;
mod send;
mod skip_reason;
mod templates;

use std::time::Duration;

use futures::future::join_all;
use shared::api::email_token::EmailTokens;
use shared::kit::auth::hmac_key::HmacKey;
use shared::kit::aws::mail::Mailer;
use shared::kit::command::{Envelope, Store};
use shared::kit::queue::consumer::per_record::Consumer;
use shared::kit::queue::consumer::{Delivery, Outcome, PerRecord};
use shared::kit::resilience::pacing::{Pacer, Schedule};
use shared::kit::system::clock::{Clock, SystemClock};
use shared::kit::system::config::{ConfigError, Environment, invalid_variable};

pub use crate::event::EmailEvent;

/// Consumer that sends the e-mails for the events of a queue.
#[derive(Debug, Clone)]
pub struct Emails<S, M, C = SystemClock> {
    store: S,
    mailer: M,
    /// Paces the calls to the mail service.
    pacer: Pacer<C>,
    clock: C,
    tokens: EmailTokens,
    hmac_key: HmacKey,
    /// Base URL of the web application, without a trailing slash.
    app_url: String,
    /// Base URL of the API, without a trailing slash. If it is not configured, e-mails have no unsubscribe
    /// link.
    api_url: Option<String>,
}

/// Number of e-mails of a batch sent concurrently.
const CONCURRENCY: usize = 10;
/// Maximum duration of an e-mail: the wait for its turn, [`SEND_LEASE`](send::SEND_LEASE), and the table
/// requests before and after it.
const MAX_DURATION: Duration = Duration::from_secs(25);

impl<S: Store, M: Mailer> Emails<S, M> {
    /// Creates a consumer on these adapters, with the settings of the environment.
    ///
    /// # Errors
    /// [`ConfigError`] if a variable is missing or invalid.
    pub fn new(env: &Environment, store: S, mailer: M) -> Result<Self, ConfigError> {
        Ok(Self {
            store,
            mailer,
            pacer: Pacer::new("mail", env.parse("AGORA_EMAILS_PER_SECOND")?),
            clock: SystemClock,
            tokens: EmailTokens::from_env(env)?,
            hmac_key: HmacKey::new(&env.secret("AGORA_EMAIL_TOKEN_KEY")?),
            app_url: base_url(env, "AGORA_APP_URL")?,
            api_url: env.optional("AGORA_API_URL").map(|_| base_url(env, "AGORA_API_URL")).transpose()?,
        })
    }

    /// Replaces the clock.
    #[must_use]
    pub fn with_clock<C: Clock>(self, clock: C) -> Emails<S, M, C> {
        let Self { store, mailer, pacer, tokens, hmac_key, app_url, api_url, .. } = self;
        let pacer = pacer.with_clock(clock.clone());
        Emails { store, mailer, pacer, clock, tokens, hmac_key, app_url, api_url }
    }
}

impl<S, M, C> Emails<S, M, C> {
    /// Converts it into a batch handler that sends the e-mails of a batch concurrently.
    pub fn into_handler(self) -> PerRecord<Self, SystemClock> {
        PerRecord { consumer: self, clock: SystemClock, concurrency: CONCURRENCY, max_duration: MAX_DURATION }
    }
}

impl<S: Store + Schedule, M: Mailer, C: Clock> Consumer for Emails<S, M, C> {
    type Event = EmailEvent;

    /// Sends the e-mails of an event concurrently. A repeated delivery sends only those that were not sent.
    async fn handle(&self, event: Envelope<EmailEvent>, delivery: &Delivery) -> Outcome {
        let composed = match self.compose(&event).await {
            Ok(composed) => composed,
            Err(error) => {
                tracing::warn!(%error, "failed to load the state of the e-mail");
                return Outcome::Retry { after: None, reason: "the table did not respond" };
            }
        };
        let mut sends = Vec::new();
        // The slot of a deferred message is that of one e-mail, which has not been sent yet.
        let (mut slot, now) = (delivery.call_slot(), self.clock.now());
        for email in composed {
            match email {
                Ok(email) => {
                    let was_sent = delivery.call_result().is_some_and(|sent| email.is_among(sent));
                    let slot = if !was_sent && email.is_open(now) { slot.take() } else { None };
                    let event = &event;
                    sends.push(async move {
                        if was_sent {
                            self.record_sent(event, email.dispatch).await
                        } else {
                            self.send(event, email, slot).await
                        }
                    });
                }
                Err(reason) => tracing::info!(%reason, "e-mail skipped"),
            }
        }
        join_all(sends).await.into_iter().fold(Outcome::Done, combine)
    }
}

/// Outcome of two e-mails: their ids if they were sent and that could not be recorded, else a retry if one of
/// them failed and can be sent later, else the deferral of one that waits for its turn, else a dead letter if
/// one of them cannot be sent.
fn combine(first: Outcome, second: Outcome) -> Outcome {
    if let (Outcome::Unstored { result: one, reason }, Outcome::Unstored { result: other, .. }) =
        (&first, &second)
    {
        return Outcome::Unstored { result: format!("{one} {other}"), reason };
    }
    let rank = |outcome: &Outcome| match outcome {
        Outcome::Unstored { .. } => 4,
        Outcome::Retry { .. } => 3,
        Outcome::Defer { .. } => 2,
        Outcome::Done => 0,
        Outcome::DeadLetter { .. } | Outcome::Redeliver { .. } | Outcome::Requeue { .. } => 1,
    };
    if rank(&second) > rank(&first) { second } else { first }
}

/// Reads a base URL from the environment.
fn base_url(env: &Environment, variable: &'static str) -> Result<String, ConfigError> {
    let url = env.text(variable)?;
    if !url.starts_with("https://") && !url.starts_with("http://") {
        return Err(invalid_variable(variable, "must begin with http:// or https://".to_owned()));
    }
    Ok(url.trim_end_matches('/').to_owned())
}
