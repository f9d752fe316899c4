//! Leases on idempotency keys: effects outside the table, brought about once.
//!
//! Where all of an effect is in the table, its receipt is committed with it (see [`crate::kit::command::idempotency_record`]) and there is
//! no moment at which it is half done. A call to another service has such a moment. Whoever makes one on behalf of a
//! request first takes a **lease** on the request's key, works, and leaves the answer under the key:
//!
//! - Meanwhile the same request is told that it is being worked on, and when to ask again.
//! - A holder that has died is known by its deadline: the next one takes over under a token of its own. The stale holder
//!   can then neither leave an answer nor give the lease back.
//! - Once there is an answer, it is the answer.
//!
//! A lease cannot stop a holder that was only slow from making its call after its deadline: the call itself needs a key
//! that the other service knows it by. [`Lease::effect_key`] is the same for every holder, so that even two of them cause
//! one effect.
//!
//! Every step is one conditional write. Nothing is read first and decided on later.

use std::fmt;
use std::future::Future;
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::kit::command::{Executed, MalformedItem, StoreError};
use crate::kit::system::clock::{Clock, Entropy, Timestamp};

/// How long a holder may work before others take it for dead, where nothing else is known: longer than a function that
/// answers HTTP may run.
pub const HTTP_LEASE: Duration = Duration::from_secs(30);

/// What somebody wants to do once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// Names the request for good, within its caller and route.
    pub scope: String,
    /// Digest of its content: the same name for other content is refused.
    pub fingerprint: String,
    /// How long the work may take.
    pub term: Duration,
    /// How long the answer is kept, from the claim on.
    pub retention: Duration,
}

/// Tells one holder of a lease from the next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owner(String);

impl Owner {
    /// A token that nobody else has.
    #[must_use]
    pub fn generate(entropy: &impl Entropy) -> Self {
        Self(format!("{:032x}", entropy.random()))
    }

    /// The token as it is stored.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A claim that is held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    /// What it is for.
    pub claim: Claim,
    /// Who holds it.
    pub owner: Owner,
    /// From when on others may take over.
    pub held_until: Timestamp,
    /// When the answer may be forgotten.
    pub expires_at: Timestamp,
}

impl Lease {
    /// The lease that `owner` would have from `now` on.
    #[must_use]
    pub fn new(claim: Claim, owner: Owner, now: Timestamp) -> Self {
        let (held_until, expires_at) = (now.saturating_add(claim.term), now.saturating_add(claim.retention));
        Self { claim, owner, held_until, expires_at }
    }

    /// What the other service should know the effect by: the same, whoever holds the lease.
    #[must_use]
    pub fn effect_key(&self) -> &str {
        &self.claim.scope
    }
}

/// How a key stands for somebody who claims it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// It is theirs.
    Held,
    /// Somebody else works on it, and holds it for this long yet.
    InProgress(Duration),
    /// It was done; this is the answer that was left, as JSON.
    Done(String),
    /// It was claimed for other content.
    Reused,
}

/// Keeps leases.
pub trait Leases: Clone + Send + Sync + 'static {
    /// Takes the lease, if nobody holds it and there is no answer.
    ///
    /// # Errors
    /// Implementations return [`StoreError`] when the store does not answer; whether the lease is held is then unknown, and
    /// it lapses by itself.
    fn claim(
        &self,
        lease: &Lease,
        now: Timestamp,
    ) -> impl Future<Output = Result<Standing, StoreError>> + Send;

    /// Leaves the answer, if the lease is still its owner's; says whether it was. Said twice, it is true twice.
    ///
    /// # Errors
    /// Implementations return [`StoreError`] when the store does not answer.
    fn complete(&self, lease: &Lease, answer: &str) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// Gives the lease back without an answer, if it is still its owner's; says whether it was.
    ///
    /// # Errors
    /// Implementations return [`StoreError`] when the store does not answer.
    fn release(&self, lease: &Lease) -> impl Future<Output = Result<bool, StoreError>> + Send;
}

/// Why something was not done under a lease.
#[derive(Debug, Clone, thiserror::Error)]
pub enum LeaseError<E> {
    /// The work refused. The key is free again.
    #[error(transparent)]
    Refused(E),
    /// The work does not know what came of it. The key is held until its deadline.
    #[error(transparent)]
    Unknown(E),
    /// Somebody else works on it, or has taken over because this took too long; ask again after this long.
    #[error("the same request is being worked on")]
    InProgress(Duration),
    /// The key was used before, for a request with other content.
    #[error("the idempotency key was used with another request")]
    KeyReused,
    /// The store did not answer, or with something unreadable. The outcome may be unknown; asking again tells.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What work says that came to no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unanswered<E> {
    /// There was no effect, and another attempt may be made at once.
    Refused(E),
    /// Whether there was an effect is not known. The lease is kept until its deadline; the next holder finds out under
    /// the same effect key.
    Unknown(E),
}

/// Does `work` once for a claim, and gives its answer to everybody who asks for the same.
///
/// # Errors
/// [`LeaseError`].
pub async fn once<T, E, W>(
    leases: &impl Leases,
    claim: Claim,
    (clock, entropy): (&impl Clock, &impl Entropy),
    work: impl FnOnce(Lease) -> W + Send,
) -> Result<Executed<T>, LeaseError<E>>
where
    T: Serialize + DeserializeOwned + Send,
    E: fmt::Debug + Send,
    W: Future<Output = Result<T, Unanswered<E>>> + Send,
{
    let lease = Lease::new(claim, Owner::generate(entropy), clock.now());
    if let Some(done) = standing(leases.claim(&lease, clock.now()).await?)? {
        return Ok(Executed::Replayed(done));
    }
    match work(lease.clone()).await {
        Ok(answer) => settle(leases, lease, answer, clock).await,
        Err(Unanswered::Refused(refusal)) => {
            leases.release(&lease).await?;
            Err(LeaseError::Refused(refusal))
        }
        Err(Unanswered::Unknown(error)) => Err(LeaseError::Unknown(error)),
    }
}

/// Leaves the answer. Who was too slow gives their successor's, or says that there is none yet.
async fn settle<T: Serialize + DeserializeOwned, E>(
    leases: &impl Leases,
    lease: Lease,
    answer: T,
    clock: &impl Clock,
) -> Result<Executed<T>, LeaseError<E>> {
    let text = serde_json::to_string(&answer).map_err(|error| malformed(&error))?;
    if leases.complete(&lease, &text).await? {
        return Ok(Executed::Committed(answer));
    }
    match standing(leases.claim(&lease, clock.now()).await?)? {
        Some(done) => Ok(Executed::Replayed(done)),
        // The successor gave up meanwhile, so that the key is free: the answer is as good as ever.
        None if leases.complete(&lease, &text).await? => Ok(Executed::Committed(answer)),
        None => Err(LeaseError::InProgress(lease.claim.term)),
    }
}

/// The answer, if there is one; nothing, if the lease is held.
fn standing<T: DeserializeOwned, E>(standing: Standing) -> Result<Option<T>, LeaseError<E>> {
    match standing {
        Standing::Held => Ok(None),
        Standing::Done(answer) => Ok(Some(serde_json::from_str(&answer).map_err(|error| malformed(&error))?)),
        Standing::InProgress(left) => Err(LeaseError::InProgress(left)),
        Standing::Reused => Err(LeaseError::KeyReused),
    }
}

fn malformed(error: &serde_json::Error) -> StoreError {
    StoreError::Malformed(MalformedItem { kind: "lease", reason: error.to_string() })
}
