//! Beginning the dispatch of an e-mail.

use std::time::Duration;

use super::allowance::{AllowanceRequest, EmailAllowance};
use super::{DispatchId, DispatchState, EmailDispatch, MAX_SENDS};
use crate::kit::command::idempotency_record::MESSAGE_RETENTION;
use crate::kit::command::{Change, Command, NoEvents, ReadSet, Version};
use crate::kit::system::clock::Timestamp;

/// Records that an e-mail is being sent, unless it was already sent or another sender is sending it. If its
/// allowance does not permit the first send, the e-mail is suppressed for good.
#[derive(Debug, Clone)]
pub struct BeginDispatch {
    /// Event that the e-mail is about, and its recipient.
    pub id: DispatchId,
    /// Digest of the content; see [`EmailDispatch::content_hash`].
    pub fingerprint: String,
    /// Maximum duration of the sending.
    pub lease: Duration,
    /// Allowance that the e-mail uses, if its kind has one.
    pub allowance: Option<AllowanceRequest>,
}

/// Reason why the e-mail must not be sent now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BeginDispatchError {
    /// The e-mail was already sent.
    #[error("the e-mail was already sent")]
    AlreadySent,
    /// The e-mail was suppressed.
    #[error("the address got too many e-mails of this kind")]
    Suppressed,
    /// Another sender is sending the e-mail.
    #[error("the e-mail is being sent")]
    InProgress {
        /// Time until that sender has certainly stopped.
        left: Duration,
    },
    /// The content has changed since an earlier attempt.
    #[error("the content of the e-mail is outdated")]
    Outdated,
    /// The maximum number of sends is reached, and the outcome of the last one is unknown.
    #[error("whether the e-mail was sent is not known")]
    Unknown,
}

impl Command for BeginDispatch {
    type State = (Option<EmailDispatch>, Vec<Option<EmailAllowance>>);
    type Output = EmailDispatch;
    type Error = BeginDispatchError;

    fn reads(&self) -> ReadSet<Self::State> {
        ReadSet::get(&self.id).and(ReadSet::get_all(self.allowance.as_ref().map(|request| &request.id)))
    }

    /// # Errors
    /// [`BeginDispatchError`].
    fn decide(
        &self,
        (previous, allowances): Self::State,
        now: Timestamp,
    ) -> Result<Change<EmailDispatch, BeginDispatchError>, BeginDispatchError> {
        let version = previous.as_ref().map_or(Version::FIRST, |previous| previous.version.next());
        let begun = EmailDispatch {
            id: self.id.clone(),
            version,
            state: DispatchState::Sending { until: now.saturating_add(self.lease) },
            sends: 1,
            content_hash: self.fingerprint.clone(),
            expires_at: now.saturating_add(MESSAGE_RETENTION),
        };
        let save = |dispatch: EmailDispatch| Change::of(dispatch.clone()).save(&dispatch, NoEvents);
        // An expired record counts as deleted, even if the table still contains it.
        if let Some(previous) = previous.filter(|previous| previous.expires_at > now) {
            return Ok(save(EmailDispatch { sends: self.next_send(&previous, now)?, ..begun }));
        }
        let Some(request) = &self.allowance else { return Ok(save(begun)) };
        Ok(match request.apply_to(allowances.into_iter().flatten().next(), now) {
            Some(allowance) => save(begun).save(&allowance, NoEvents),
            None => save(EmailDispatch { state: DispatchState::Suppressed, sends: 0, ..begun }),
        })
    }
}

impl BeginDispatch {
    /// Returns the number of the next send.
    fn next_send(&self, last: &EmailDispatch, now: Timestamp) -> Result<u32, BeginDispatchError> {
        match last.state {
            DispatchState::Sent => Err(BeginDispatchError::AlreadySent),
            DispatchState::Suppressed => Err(BeginDispatchError::Suppressed),
            DispatchState::Sending { until } if until > now => {
                Err(BeginDispatchError::InProgress { left: until.duration_since(now) })
            }
            _ if last.content_hash != self.fingerprint => Err(BeginDispatchError::Outdated),
            DispatchState::Sending { .. } if last.sends >= MAX_SENDS => Err(BeginDispatchError::Unknown),
            DispatchState::Unsent | DispatchState::Sending { .. } => Ok(last.sends.saturating_add(1)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::tests::{decide, refusal};
    use crate::messaging::email_dispatch::allowance::{EmailAllowanceId, PERIOD};

    const TERM: Duration = Duration::from_secs(15);

    fn now() -> Timestamp {
        Timestamp::from_millis(1_800_000_000_000)
    }

    fn begin(gist: &str) -> BeginDispatch {
        let id = serde_json::from_str("\"ord_1.3\"").unwrap();
        BeginDispatch { id, fingerprint: gist.to_owned(), lease: TERM, allowance: None }
    }

    fn decided(
        last: Option<EmailDispatch>,
        fingerprint: &str,
        at: Timestamp,
    ) -> Result<EmailDispatch, BeginDispatchError> {
        Ok(begin(fingerprint).decide((last, Vec::new()), at)?.into_parts().unwrap().0)
    }

    #[test]
    fn crashed_send_is_retried_once() {
        let first = decided(None, "x", now()).unwrap();
        assert_eq!((first.sends, first.version), (1, Version::FIRST));
        let left = Duration::from_millis(1);
        let early = now().saturating_add(TERM).saturating_sub(left);
        let in_progress = BeginDispatchError::InProgress { left };
        assert_eq!(decided(Some(first.clone()), "x", early), Err(in_progress));
        let second = decided(Some(first), "x", now().saturating_add(TERM)).unwrap();
        assert_eq!((second.sends, second.version.get()), (2, 2));
        let later = now().saturating_add(TERM).saturating_add(TERM);
        assert_eq!(decided(Some(second), "x", later), Err(BeginDispatchError::Unknown));
    }

    #[test]
    fn sent_is_final_and_changed_content_is_outdated() {
        let begun = decided(None, "x", now()).unwrap();
        let sent = EmailDispatch { state: DispatchState::Sent, ..begun.clone() };
        assert_eq!(decided(Some(sent), "y", now()), Err(BeginDispatchError::AlreadySent));
        let unsent = EmailDispatch { state: DispatchState::Unsent, sends: 0, ..begun };
        assert_eq!(decided(Some(unsent.clone()), "y", now()), Err(BeginDispatchError::Outdated));
        assert_eq!(decided(Some(unsent), "x", now()).unwrap().sends, 1);
    }

    #[test]
    fn first_send_uses_the_allowance_and_further_ones_do_not() {
        let id = EmailAllowanceId::of_digest(7);
        let command =
            BeginDispatch { allowance: Some(AllowanceRequest { id, caused_at: now() }), ..begin("x") };
        let decide = |dispatch: Option<&EmailDispatch>, allowance: Option<&EmailAllowance>, at| {
            decide(&command, (dispatch.cloned(), vec![allowance.cloned()]), at)
        };
        let first = decide(None, None, now());
        let used = first.stored::<EmailAllowance>();
        assert_eq!((first.writes.len(), &used.causes[..]), (2, &[now()][..]));
        let later = now().saturating_add(TERM);
        let second = decide(Some(&first.output), Some(&used), later);
        assert_eq!((second.output.sends, second.writes.len()), (2, 1), "the send is repeated");
        let of_other_event = decide(None, Some(&used), later);
        let suppressed = &of_other_event.output;
        assert_eq!((suppressed.state, suppressed.sends), (DispatchState::Suppressed, 0));
        assert_eq!(of_other_event.writes.len(), 1);
        let tomorrow = now().saturating_add(PERIOD);
        let state = (Some(suppressed.clone()), vec![Some(used)]);
        assert_eq!(refusal(&command, state, tomorrow), BeginDispatchError::Suppressed);
    }
}
