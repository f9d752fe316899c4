//! Sagas: state machines whose steps are commits and calls.
//!
//! `next(&state, now)` is pure and says what comes next; [`drive`] does it, step by step, each commit guarded by the
//! version it was decided on. A crash between any two steps loses nothing: the state says where to go on, and a call
//! whose answer was lost is made again under the same idempotency key.

use std::future::Future;

use crate::kit::command::{Command, CommandContext, ExecuteError, ReadSet, Store, StoreError};
use crate::kit::system::clock::{Clock, Timestamp};
use crate::kit::telemetry::trace::{SpanKind, TracedSpan};

/// What comes next in a saga.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step<M, E> {
    /// Move the state on.
    Commit(M),
    /// Ask somebody else to do something; the answer is the next move.
    Call(E),
    /// Nothing until then, unless something happens.
    Wait(Timestamp),
    /// Nothing more.
    Finished,
}

/// A state machine whose steps are commits and calls.
pub trait Saga: Sync {
    /// What it is at; `None` in it stands for a state that is not there.
    type State: Clone + Send + 'static;
    /// What moves the state.
    type Transition: Send;
    /// What is asked of somebody else.
    type Effect: Send;
    /// The command that applies a move.
    type Advance: Command<State = Self::State, Output = Self::State>;

    /// What the state is made of.
    fn reads(&self) -> ReadSet<Self::State>;

    /// What comes next; pure.
    fn next(&self, state: &Self::State, now: Timestamp) -> Step<Self::Transition, Self::Effect>;

    /// The command that applies `by`.
    fn advance(&self, by: Self::Transition) -> Self::Advance;

    /// What a refused move means: another move instead, or `None` if the state has moved on and must be looked at
    /// afresh.
    ///
    /// # Errors
    /// [`Broken`] if it means that the saga cannot go on by itself.
    fn on_refusal(
        &self,
        refusal: <Self::Advance as Command>::Error,
    ) -> Result<Option<Self::Transition>, InvariantViolation>;
}

/// The state contradicts itself: no attempt will help.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct InvariantViolation(pub &'static str);

/// Why a saga stopped before it had nothing more to do.
#[derive(Debug, thiserror::Error)]
pub enum DriveError<F> {
    /// A call did not succeed; another attempt may.
    #[error("a call failed")]
    Call(F),
    /// Others kept changing the state; another attempt may succeed.
    #[error("others kept changing the state")]
    Contention,
    /// The table did not answer; another attempt may succeed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// It cannot go on by itself.
    #[error(transparent)]
    InvariantViolation(#[from] InvariantViolation),
}

/// How many steps one drive takes at most: more than any order can need, so that a fault cannot turn into a loop.
const MAX_STEPS: usize = 32;

/// Takes the saga from where it stands as far as it goes, and says where it stands then.
///
/// `perform` carries out an effect and says which move its answer means.
///
/// # Errors
/// [`DriveError`], with the state left at its last commit.
pub async fn run_saga<G, S, C, F, P, Fut>(
    saga: &G,
    (store, clock): (&S, &C),
    cause: &CommandContext,
    perform: P,
) -> Result<G::State, DriveError<F>>
where
    G: Saga,
    S: Store,
    C: Clock,
    P: Fn(G::Effect) -> Fut + Send + Sync,
    Fut: Future<Output = Result<G::Transition, F>> + Send,
{
    let mut state = store.load(saga.reads()).await?;
    for _ in 0..MAX_STEPS {
        let by = match saga.next(&state, clock.now()) {
            Step::Commit(by) => by,
            Step::Call(effect) => {
                traced::<G, _, _>("call", perform(effect)).await.map_err(DriveError::Call)?
            }
            Step::Wait(_) | Step::Finished => return Ok(state),
        };
        let at = cause.at(clock.now());
        state = match traced::<G, _, _>("commit", commit(saga, state, store, &at, by)).await? {
            Some(state) => state,
            None => store.load(saga.reads()).await?,
        };
    }
    Err(InvariantViolation("the saga does not come to an end").into())
}

/// Does a step as a part of the trace, under the saga's name.
async fn traced<G, T, E>(step: &'static str, work: impl Future<Output = Result<T, E>>) -> Result<T, E> {
    let name = std::any::type_name::<G>().rsplit("::").next().unwrap_or_default();
    let span = TracedSpan::begin(SpanKind::Internal, format!("{name} {step}"), Vec::new());
    let done = span.in_span(work).await;
    span.end(done.is_ok());
    done
}

/// Commits one move, or what its refusal means instead. `None`: the state has moved on without us.
async fn commit<G: Saga, S: Store, F>(
    saga: &G,
    state: G::State,
    store: &S,
    cause: &CommandContext,
    by: G::Transition,
) -> Result<Option<G::State>, DriveError<F>> {
    let refusal = match store.execute_on(state, saga.advance(by), cause).await {
        Err(ExecuteError::Refused(refusal)) => refusal,
        ended => return ended.map(|executed| Some(executed.into_output())).map_err(stopped),
    };
    let Some(instead) = saga.on_refusal(refusal)? else { return Ok(None) };
    match store.execute(saga.advance(instead), cause).await {
        Err(ExecuteError::Refused(_)) => Ok(None),
        ended => ended.map(|executed| Some(executed.into_output())).map_err(stopped),
    }
}

fn stopped<E, F>(error: ExecuteError<E>) -> DriveError<F> {
    match error {
        ExecuteError::Store(error) => DriveError::Store(error),
        ExecuteError::Refused(_)
        | ExecuteError::KeyReused
        | ExecuteError::Contention
        | ExecuteError::InProgress => DriveError::Contention,
    }
}
