//! Sends e-mails about accounts and orders.
//!
//! - `event.rs`: events consumed
//! - `compose.rs`: event to e-mail, or the reason for sending none
//! - `templates/account.rs` and `templates/order.rs`: texts
//! - `email.rs`: rendering
//! - `send.rs`: sends each e-mail once

mod compose;
mod email;
mod event;
mod format_money;
mod send;
mod skip_reason;
pub mod templates;

use std::time::Duration;

use shared::api::email_token::EmailTokens;
use shared::kit::auth::hmac_key::HmacKey;
use shared::kit::aws::mail::Mailer;
use shared::kit::command::{Envelope, Store};
use shared::kit::queue::consumer::per_record::Consumer;
use shared::kit::queue::consumer::{Delivery, Outcome, PerRecord};
use shared::kit::system::clock::{Clock, SystemClock};
use shared::kit::system::config::{ConfigError, Environment, invalid_variable};

use crate::compose::NotComposed;

pub use crate::event::EmailEvent;

/// Consumer that sends the e-mails for the events of a queue.
#[derive(Debug, Clone)]
pub struct Emails<S, M, C = SystemClock> {
    store: S,
    mailer: M,
    clock: C,
    tokens: EmailTokens,
    hmac_key: HmacKey,
    /// Base URL of the web application, without a trailing slash.
    app_url: String,
}

/// Number of e-mails of a batch sent concurrently.
const CONCURRENCY: usize = 10;
/// Maximum duration of an e-mail: [`SEND_LEASE`](send::SEND_LEASE), and the table requests before and after
/// it.
const MAX_DURATION: Duration = Duration::from_secs(24);

impl<S: Store, M: Mailer> Emails<S, M> {
    /// Creates a consumer on these adapters, with the settings of the environment.
    ///
    /// # Errors
    /// [`ConfigError`] if a variable is missing or invalid.
    pub fn new(env: &Environment, store: S, mailer: M) -> Result<Self, ConfigError> {
        let url = env.text("AGORA_APP_URL")?;
        if !url.starts_with("https://") && !url.starts_with("http://") {
            return Err(invalid_variable("AGORA_APP_URL", "must begin with http:// or https://".to_owned()));
        }
        Ok(Self {
            store,
            mailer,
            clock: SystemClock,
            tokens: EmailTokens::from_env(env)?,
            hmac_key: HmacKey::new(&env.secret("AGORA_EMAIL_TOKEN_KEY")?),
            app_url: url.trim_end_matches('/').to_owned(),
        })
    }

    /// Replaces the clock.
    #[must_use]
    pub fn with_clock<C: Clock>(self, clock: C) -> Emails<S, M, C> {
        let Self { store, mailer, tokens, hmac_key, app_url, .. } = self;
        Emails { store, mailer, clock, tokens, hmac_key, app_url }
    }
}

impl<S, M, C> Emails<S, M, C> {
    /// Converts it into a batch handler that sends the e-mails of a batch concurrently.
    pub fn into_handler(self) -> PerRecord<Self, SystemClock> {
        PerRecord { consumer: self, clock: SystemClock, concurrency: CONCURRENCY, max_duration: MAX_DURATION }
    }
}

impl<S: Store, M: Mailer, C: Clock> Consumer for Emails<S, M, C> {
    type Event = EmailEvent;

    async fn handle(&self, event: Envelope<EmailEvent>, _: &Delivery) -> Outcome {
        match self.compose(&event).await {
            Ok((email, dispatch)) => self.send(&event, email, dispatch).await,
            Err(NotComposed::Skipped(reason)) => {
                tracing::info!(%reason, "e-mail skipped");
                Outcome::Done
            }
            Err(NotComposed::Store(error)) => {
                tracing::warn!(%error, "failed to load the state of the e-mail");
                Outcome::Retry { after: None, reason: "the table did not respond" }
            }
        }
    }
}
