//! Writes to people about their accounts and their orders.
//!
//! Read it in this order: `heard.rs` is what is heard, `write.rs` makes a letter of it, or finds that there is nothing to
//! write any more; `account.rs` and `order.rs` have the words; `letter.rs` puts them into form; `send.rs` sends a letter
//! once.

mod compose;
mod email;
mod event;
mod format_money;
mod send;
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

pub use crate::event::EmailEvent;

/// Sends an e-mail for each event of a queue that calls for one.
#[derive(Debug, Clone)]
pub struct Emails<S, M, C = SystemClock> {
    store: S,
    mailer: M,
    clock: C,
    tokens: EmailTokens,
    seal: HmacKey,
    /// Base URL of the web pages that people use, without a slash at its end.
    app_url: String,
}

/// How many e-mails of a batch are on their way at once.
const CONCURRENCY: usize = 10;
/// How long an e-mail takes at most: [`TERM`](send::TERM), and what the table needs before and after it.
const MAX_DURATION: Duration = Duration::from_secs(24);

impl<S: Store, M: Mailer> Emails<S, M> {
    /// On these adapters, with the settings of the environment.
    ///
    /// # Errors
    /// [`ConfigError`] naming the variable.
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
            seal: HmacKey::new(&env.secret("AGORA_ACCOUNT_TOKEN_KEY")?),
            app_url: url.trim_end_matches('/').to_owned(),
        })
    }

    /// The same, with the time that `clock` shows.
    #[must_use]
    pub fn at<C: Clock>(self, clock: C) -> Emails<S, M, C> {
        let Self { store, mailer, tokens, seal, app_url, .. } = self;
        Emails { store, mailer, clock, tokens, seal, app_url }
    }
}

impl<S, M, C> Emails<S, M, C> {
    /// As the handler of a batch: several e-mails at once, none in another's way.
    pub fn into_handler(self) -> PerRecord<Self, SystemClock> {
        PerRecord { consumer: self, clock: SystemClock, concurrency: CONCURRENCY, max_duration: MAX_DURATION }
    }
}

impl<S: Store, M: Mailer, C: Clock> Consumer for Emails<S, M, C> {
    type Event = EmailEvent;

    async fn handle(&self, event: Envelope<EmailEvent>, _: &Delivery) -> Outcome {
        match self.write(&event).await {
            Ok(Ok((letter, seen))) => self.send(&event, letter, seen).await,
            Ok(Err(pointless)) => {
                tracing::info!(reason = %pointless, "no e-mail is sent");
                Outcome::Done
            }
            Err(error) => {
                tracing::warn!(%error, "the table failed");
                Outcome::Retry { after: None, reason: "the table did not answer" }
            }
        }
    }
}
