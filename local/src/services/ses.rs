//! The postbox: a stand-in for Amazon SES that keeps every e-mail and shows it.
//!
//! It speaks `SendEmail` of SES's API v2 as far as the SDK needs it
//! (<https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_SendEmail.html>), for simple messages. Nothing leaves this
//! machine. Unlike the real one it can be told to misbehave ([`Postbox::behave`]), over HTTP at `/behaviour` as well.

mod email;
mod eml;
mod fault_rules;
mod http;
mod send_email;
mod web_ui;

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::{fs, io};

use axum::Router;

pub use email::Email;
pub use fault_rules::{Effect, Rule};

use crate::system::private_file;

/// E-mails kept in memory and shown; older ones stay in their files.
const KEPT: usize = 1_000;

/// Where e-mails arrive. Clones share everything.
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
}

impl MailCatcher {
    /// A postbox that forgets everything when it is dropped.
    #[must_use]
    pub fn in_memory() -> Self {
        Self { inner: Arc::new(Inner { folder: None, state: Mutex::default() }) }
    }

    /// A postbox that keeps its e-mails in a folder, one file each. Only the owner may read them: they carry tokens.
    ///
    /// # Errors
    /// Whatever reading the folder fails with.
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
        let older = emails.len().saturating_sub(KEPT);
        let state = State { emails: emails.into_iter().skip(older).collect(), rules: Vec::new() };
        Ok(Self { inner: Arc::new(Inner { folder: Some(folder.to_owned()), state: Mutex::new(state) }) })
    }

    /// SES's API under `/v2`, the pages, and the rules.
    pub fn router(&self) -> Router {
        http::router(self.clone())
    }

    /// Every e-mail that was sent, in the order in which they were.
    #[must_use]
    pub fn sent(&self) -> Vec<Email> {
        self.lock().emails.iter().cloned().collect()
    }

    /// The e-mails that went to an address, in the order in which they did.
    #[must_use]
    pub fn sent_to(&self, address: &str) -> Vec<Email> {
        let to = |email: &&Email| email.to.iter().any(|to| to == address);
        self.lock().emails.iter().filter(to).cloned().collect()
    }

    /// Adds a rule of misbehaviour to those in force.
    pub fn add_fault_rule(&self, rule: Rule) {
        self.lock().rules.push(rule);
    }

    /// Takes all rules back.
    pub fn clear_fault_rules(&self) {
        self.lock().rules.clear();
    }

    fn rules(&self) -> Vec<Rule> {
        self.lock().rules.clone()
    }

    fn find(&self, id: &str) -> Option<Email> {
        self.lock().emails.iter().find(|email| email.id == id).cloned()
    }

    /// What the next call is to suffer, by the oldest rule that has not struck as often as it may.
    fn next_effect(&self) -> Option<Effect> {
        let mut state = self.lock();
        let rule = state.rules.iter_mut().find(|rule| rule.times > 0)?;
        rule.times -= 1;
        Some(rule.effect)
    }

    fn keep(&self, email: Email) -> io::Result<()> {
        if let Some(folder) = &self.inner.folder {
            private_file::write(&folder.join(format!("{}.json", email.id)), &serde_json::to_vec(&email)?)?;
        }
        let mut state = self.lock();
        if state.emails.len() == KEPT {
            state.emails.pop_front();
        }
        state.emails.push_back(email);
        Ok(())
    }

    /// A panic under the lock leaves nothing half done.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.inner.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_sent_is_there_after_a_restart() {
        let folder = std::env::temp_dir().join(format!("local-mail-{}", crate::system::aws_ids::uuid()));
        let first = MailCatcher::persistent(&folder).unwrap();
        for subject in ["one", "two"] {
            first.keep(email::tests::email(subject)).unwrap();
        }
        let again = MailCatcher::persistent(&folder).unwrap();
        assert_eq!(again.sent(), first.sent());
        assert_eq!(again.sent_to("ada@example.com").len(), 2);
        fs::remove_dir_all(&folder).unwrap();
    }
}
