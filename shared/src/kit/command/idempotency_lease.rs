//! Idempotency leases: external effects that happen once.
//!
//! If all effects of a request are in the table, its [idempotency
//! record](crate::kit::command::idempotency_record) is committed with them, and there is no intermediate
//! state. A call to another service has one. A worker that makes such a call first takes a **lease** on the
//! idempotency key, makes the call, and stores the result under the key:
//!
//! - Meanwhile, a repetition of the request gets [`LeaseError::InProgress`] and the time after which to
//!   retry.
//! - When the holder's deadline has passed without a result, the next claim takes over with its own owner
//!   token. The previous holder can then neither store a result nor release the lease.
//! - A stored result is final.
//!
//! A lease cannot stop a slow holder from making its call after its deadline. The call therefore carries a
//! key that the other service recognises: [`Lease::effect_key`] is the same for every holder, so two calls
//! have one effect.
//!
//! Every step is one conditional write; no step depends on an earlier read.

use std::fmt;
use std::future::Future;
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::kit::command::{Executed, MalformedItem, StoreError};
use crate::kit::system::clock::{Clock, Entropy, Timestamp};

/// Default term of a lease: longer than a function that serves HTTP may run.
pub const HTTP_LEASE: Duration = Duration::from_secs(30);

/// A request whose external effect must happen once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// Permanent name of the request, unique within its caller and route.
    pub scope: String,
    /// Digest of the request's content; the same scope with other content is refused.
    pub fingerprint: String,
    /// Time the holder has before another one may take over.
    pub term: Duration,
    /// Retention of the result, from the time of the claim.
    pub retention: Duration,
}

/// Token that identifies one holder of a lease.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owner(String);

impl Owner {
    /// Generates a unique token.
    #[must_use]
    pub fn generate(entropy: &impl Entropy) -> Self {
        Self(format!("{:032x}", entropy.random()))
    }

    /// The token as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A claim with its owner and deadlines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    /// The claimed request.
    pub claim: Claim,
    /// The holder.
    pub owner: Owner,
    /// Time from which another holder may take over.
    pub held_until: Timestamp,
    /// Time after which the result may be deleted.
    pub expires_at: Timestamp,
}

impl Lease {
    /// Creates the lease of `owner` on `claim`, starting at `now`.
    #[must_use]
    pub fn new(claim: Claim, owner: Owner, now: Timestamp) -> Self {
        let (held_until, expires_at) = (now.saturating_add(claim.term), now.saturating_add(claim.retention));
        Self { claim, owner, held_until, expires_at }
    }

    /// Idempotency key for the other service: the same for every holder.
    #[must_use]
    pub fn effect_key(&self) -> &str {
        &self.claim.scope
    }
}

/// Result of claiming a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClaimOutcome {
    /// The claimant holds the lease.
    Held,
    /// Another owner holds the lease, for this much longer.
    InProgress(Duration),
    /// The effect has happened; this is the stored result, as JSON.
    Done(String),
    /// The key was claimed for other content.
    Reused,
}

/// Storage of leases.
pub trait Leases: Clone + Send + Sync + 'static {
    /// Takes the lease, if it is free and has no result.
    ///
    /// # Errors
    /// [`StoreError`] if the store does not respond. The claim may have succeeded all the same; such a lease
    /// ends at its deadline.
    fn claim(
        &self,
        lease: &Lease,
        now: Timestamp,
    ) -> impl Future<Output = Result<ClaimOutcome, StoreError>> + Send;

    /// Stores `result`, as JSON, if the owner still holds the lease; returns whether it does. Idempotent:
    /// storing the same result again returns true as well.
    ///
    /// # Errors
    /// [`StoreError`] if the store does not respond.
    fn complete(&self, lease: &Lease, result: &str) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// Releases the lease without a result, if the owner still holds it; returns whether it did.
    ///
    /// # Errors
    /// [`StoreError`] if the store does not respond.
    fn release(&self, lease: &Lease) -> impl Future<Output = Result<bool, StoreError>> + Send;
}

/// Reason why no result is available.
#[derive(Debug, Clone, thiserror::Error)]
pub enum LeaseError<E> {
    /// The work was refused without an effect. The key is free again.
    #[error(transparent)]
    Refused(E),
    /// The outcome of the work is unknown. The key is held until its deadline.
    #[error(transparent)]
    Unknown(E),
    /// Another holder works on the request, or took over because this one was too slow. Retry after this
    /// time.
    #[error("a request with the same idempotency key is in progress")]
    InProgress(Duration),
    /// The key was used before, for a request with different content.
    #[error("the idempotency key was used for a different request")]
    KeyReused,
    /// The store did not respond, or a stored item is malformed. The effect may have happened; a retry finds
    /// out.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Failure of the work done under a lease.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WorkError<E> {
    /// There was no effect. Another attempt may start at once.
    Refused(E),
    /// It is unknown whether the effect happened. The lease is kept until its deadline; the next holder finds
    /// out with the same effect key.
    Unknown(E),
}

/// Runs `work` once for a claim and returns its result, or the stored one, to every caller with the same
/// claim.
///
/// # Errors
/// [`LeaseError`] if no result is available.
pub async fn once<T, E, W>(
    leases: &impl Leases,
    claim: Claim,
    clock: &impl Clock,
    entropy: &impl Entropy,
    work: impl FnOnce(Lease) -> W + Send,
) -> Result<Executed<T>, LeaseError<E>>
where
    T: Serialize + DeserializeOwned + Send,
    E: fmt::Debug + Send,
    W: Future<Output = Result<T, WorkError<E>>> + Send,
{
    let lease = Lease::new(claim, Owner::generate(entropy), clock.now());
    if let Some(result) = stored_result(leases.claim(&lease, clock.now()).await?)? {
        return Ok(Executed::Replayed(result));
    }
    match work(lease.clone()).await {
        Ok(result) => settle(leases, lease, result, clock).await,
        Err(WorkError::Refused(refusal)) => {
            leases.release(&lease).await?;
            Err(LeaseError::Refused(refusal))
        }
        Err(WorkError::Unknown(error)) => Err(LeaseError::Unknown(error)),
    }
}

/// Stores the result. If another holder took over meanwhile, returns that holder's result, or
/// [`LeaseError::InProgress`] if there is none yet.
async fn settle<T: Serialize + DeserializeOwned, E>(
    leases: &impl Leases,
    lease: Lease,
    result: T,
    clock: &impl Clock,
) -> Result<Executed<T>, LeaseError<E>> {
    let json = serde_json::to_string(&result).map_err(|error| malformed(&error))?;
    if leases.complete(&lease, &json).await? {
        return Ok(Executed::Committed(result));
    }
    match stored_result(leases.claim(&lease, clock.now()).await?)? {
        Some(stored) => Ok(Executed::Replayed(stored)),
        // The successor has released the key, so this result is stored after all.
        None if leases.complete(&lease, &json).await? => Ok(Executed::Committed(result)),
        None => Err(LeaseError::InProgress(lease.claim.term)),
    }
}

/// Returns the stored result, or `None` if the lease is held.
fn stored_result<T: DeserializeOwned, E>(standing: ClaimOutcome) -> Result<Option<T>, LeaseError<E>> {
    match standing {
        ClaimOutcome::Held => Ok(None),
        ClaimOutcome::Done(result) => {
            Ok(Some(serde_json::from_str(&result).map_err(|error| malformed(&error))?))
        }
        ClaimOutcome::InProgress(left) => Err(LeaseError::InProgress(left)),
        ClaimOutcome::Reused => Err(LeaseError::KeyReused),
    }
}

fn malformed(error: &serde_json::Error) -> StoreError {
    StoreError::Malformed(MalformedItem::new("lease", error.to_string()))
}
