//! Mail catcher: an Amazon SES that stores every e-mail and shows it. It does not deliver e-mails.
//!
//! It implements `SendEmail` of SES API v2 for simple messages
//! (<https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_SendEmail.html>). Fault rules make calls fail
//! ([`MailCatcher::add_fault_rule`], and over HTTP at `/behaviour`).

mod email;
mod eml;
mod fault_rules;
mod http;
mod send_email;
mod web_ui;

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;
use std::{fs, io};

use axum::Router;

pub use email::Email;
pub use fault_rules::{Effect, Rule};

use crate::services::token_bucket::TokenBucket;
use crate::system::private_file;
use crate::template::Throttle;

/// Maximum number of e-mails kept in memory and shown. Older ones stay in their files.
const MAX_EMAILS: usize = 1_000;

/// Stored e-mails and fault rules. Clones share the same state.
#[derive(Clone, Debug)]
pub struct MailCatcher {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    folder: Option<PathBuf>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    emails: VecDeque<Email>,
    rules: Vec<Rule>,
    /// Maximum sending rate; `None` if there is none.
    rate: Option<TokenBucket>,
}

impl MailCatcher {
    /// Creates a mail catcher that stores e-mails in memory only.
    #[must_use]
    pub fn in_memory() -> Self {
        Self { inner: Arc::new(Inner { folder: None, state: Mutex::default() }) }
    }

    /// Creates a mail catcher that stores each e-mail in a file of a folder. The files are readable by their
    /// owner only, because e-mails contain tokens.
    ///
    /// # Errors
    /// Any error from reading the folder.
    pub fn persistent(folder: &Path) -> io::Result<Self> {
        fs::create_dir_all(folder)?;
        let mut emails = Vec::new();
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            if path.extension().is_some_and(|extension| extension == "json") {
                emails.push(serde_json::from_slice::<Email>(&fs::read(&path)?)?);
            }
        }
        emails.sort_by(|one, other| (one.sent_at, &one.id).cmp(&(other.sent_at, &other.id)));
        let older = emails.len().saturating_sub(MAX_EMAILS);
        let state = State { emails: emails.into_iter().skip(older).collect(), ..State::default() };
        Ok(Self { inner: Arc::new(Inner { folder: Some(folder.to_owned()), state: Mutex::new(state) }) })
    }

    /// Routes of SES's API under `/v2`, of the web pages, and of the fault rules.
    pub fn router(&self) -> Router {
        http::router(self.clone())
    }

    /// All e-mails, oldest first.
    #[must_use]
    pub fn sent(&self) -> Vec<Email> {
        self.lock().emails.iter().cloned().collect()
    }

    /// E-mails to an address, oldest first.
    #[must_use]
    pub fn sent_to(&self, address: &str) -> Vec<Email> {
        let is_to_address = |email: &&Email| email.to.iter().any(|to| to == address);
        self.lock().emails.iter().filter(is_to_address).cloned().collect()
    }

    /// Limits the number of e-mails per second, as SES does.
    pub(crate) fn limit_rate(&self, per_second: u32) {
        let throttle = Throttle { rate: per_second, burst: per_second };
        self.lock().rate = Some(TokenBucket::new(throttle, Instant::now()));
    }

    /// Returns true if another e-mail may be sent now.
    fn is_within_rate(&self) -> bool {
        self.lock().rate.as_ref().is_none_or(|rate| rate.try_acquire(Instant::now()))
    }

    /// Adds a fault rule.
    pub fn add_fault_rule(&self, rule: Rule) {
        self.lock().rules.push(rule);
    }

    /// Removes all fault rules.
    pub fn clear_fault_rules(&self) {
        self.lock().rules.clear();
    }

    fn rules(&self) -> Vec<Rule> {
        self.lock().rules.clone()
    }

    fn find(&self, id: &str) -> Option<Email> {
        self.lock().emails.iter().find(|email| email.id == id).cloned()
    }

    /// Effect on the next call: that of the oldest rule with remaining uses.
    fn next_effect(&self) -> Option<Effect> {
        let mut state = self.lock();
        let rule = state.rules.iter_mut().find(|rule| rule.times > 0)?;
        rule.times -= 1;
        Some(rule.effect)
    }

    fn store(&self, email: Email) -> io::Result<()> {
        if let Some(folder) = &self.inner.folder {
            private_file::write(&folder.join(format!("{}.json", email.id)), &serde_json::to_vec(&email)?)?;
        }
        let mut state = self.lock();
        if state.emails.len() == MAX_EMAILS {
            state.emails.pop_front();
        }
        state.emails.push_back(email);
        Ok(())
    }

    // A panic while the lock is held cannot leave the state inconsistent.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.inner.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn emails_are_loaded_after_a_restart() {
        let folder = std::env::temp_dir().join(format!("local-mail-{}", crate::system::aws_ids::uuid()));
        let first = MailCatcher::persistent(&folder).unwrap();
        for subject in ["one", "two"] {
            first.store(email::tests::email(subject)).unwrap();
        }
        let again = MailCatcher::persistent(&folder).unwrap();
        assert_eq!(again.sent(), first.sent());
        assert_eq!(again.sent_to("ada@example.com").len(), 2);
        fs::remove_dir_all(&folder).unwrap();
    }
}
