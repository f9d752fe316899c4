//! Sagas: state machines whose steps are commits and external calls.
//!
//! [`Saga::next`] is pure and returns the next step. [`run_saga`] performs it, step by step; each commit is
//! guarded by the version that the step was decided on. A crash between two steps loses nothing: the stored
//! state determines the next step, and a call whose response was lost is repeated with the same idempotency
//! key.

use std::fmt;
use std::future::Future;

use crate::kit::command::{Command, CommandContext, ExecuteError, ReadSet, Store, StoreError};
use crate::kit::system::clock::{Clock, Timestamp};
use crate::kit::telemetry::trace::{SpanKind, TracedSpan};

/// The next step of a saga.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step<M, E> {
    /// Commit this transition.
    Commit(M),
    /// Perform this external call; its result is the next transition.
    Call(E),
    /// Wait until this time, unless an event arrives earlier.
    Wait(Timestamp),
    /// The saga is complete.
    Finished,
}

/// A state machine whose steps are commits and external calls.
pub trait Saga: Sync {
    /// State of the saga; a `None` within it represents an item that does not exist.
    type State: Clone + Send + 'static;
    /// Transition from one state to the next.
    type Transition: Send;
    /// External call.
    type Effect: Send;
    /// Command that commits a transition.
    type Advance: Command<State = Self::State, Output = Self::State>;

    /// Returns the keys of the state.
    fn reads(&self) -> ReadSet<Self::State>;

    /// Returns the next step. Pure: no I/O, no clock.
    fn next(&self, state: &Self::State, now: Timestamp) -> Step<Self::Transition, Self::Effect>;

    /// Returns the command that commits the transition `by`.
    fn advance(&self, by: Self::Transition) -> Self::Advance;

    /// Name of the span event that records the commit of a transition.
    fn event_name(&self, by: &Self::Transition) -> &'static str;

    /// Name of the span event that records the end of the saga in this state; `None` before its end.
    fn end_event_name(&self, state: &Self::State) -> Option<&'static str>;

    /// Interprets the refusal of a transition: returns the transition to commit instead, or `None` if the
    /// state has changed and must be loaded again.
    ///
    /// # Errors
    /// [`InvariantViolation`] if the saga cannot continue without intervention.
    fn on_refusal(
        &self,
        refusal: <Self::Advance as Command>::Error,
    ) -> Result<Option<Self::Transition>, InvariantViolation>;
}

/// The state violates an invariant; a retry cannot succeed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct InvariantViolation(pub &'static str);

/// Reason why a saga stopped before its next wait or its end.
#[derive(Debug, thiserror::Error)]
pub enum SagaError<F> {
    /// An external call failed; a retry may succeed.
    #[error("an external call failed")]
    Call(F),
    /// Too many conflicts with other writers of the state; a retry may succeed.
    #[error("too many conflicts with other writers of the state")]
    Contention,
    /// The table did not respond; a retry may succeed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The saga cannot continue without intervention.
    #[error(transparent)]
    InvariantViolation(#[from] InvariantViolation),
}

/// Maximum number of steps of one run: more than any order needs, so that a fault cannot cause an endless
/// loop.
const MAX_STEPS: usize = 32;

/// Runs the saga from its stored state until it waits or is complete, and returns the state reached.
///
/// `perform` makes an external call and returns the transition that its result leads to.
///
/// # Errors
/// [`SagaError`] if a step fails; the state of the last commit remains stored.
pub async fn run_saga<G, S, C, F, P, Fut>(
    saga: &G,
    store: &S,
    clock: &C,
    context: &CommandContext,
    perform: P,
) -> Result<G::State, SagaError<F>>
where
    G: Saga,
    S: Store,
    C: Clock,
    P: Fn(G::Effect) -> Fut + Send + Sync,
    Fut: Future<Output = Result<G::Transition, F>> + Send,
    F: fmt::Display,
{
    let mut state = store.load(saga.reads()).await?;
    for _ in 0..MAX_STEPS {
        let by = match saga.next(&state, clock.now()) {
            Step::Commit(by) => by,
            Step::Call(effect) => {
                traced::<G, _, _>("call", perform(effect)).await.map_err(SagaError::Call)?
            }
            Step::Wait(_) | Step::Finished => return Ok(state),
        };
        let context = context.at(clock.now());
        state = match traced::<G, _, _>("commit", commit(saga, state, store, &context, by)).await? {
            Some((state, event)) => {
                let names = [Some(event), saga.end_event_name(&state)];
                names.into_iter().flatten().for_each(|name| TracedSpan::current().add_event(name));
                state
            }
            None => store.load(saga.reads()).await?,
        };
    }
    Err(InvariantViolation("the saga did not finish within the maximum number of steps").into())
}

/// Runs a step within a span named after the saga.
async fn traced<G, T, E: fmt::Display>(
    step: &'static str,
    future: impl Future<Output = Result<T, E>>,
) -> Result<T, E> {
    let name = std::any::type_name::<G>().rsplit("::").next().unwrap_or_default();
    let span = TracedSpan::begin(SpanKind::Internal, format!("{name} {step}"), Vec::new());
    let result = span.in_span(future).await;
    if let Err(error) = &result {
        span.record_exception(std::any::type_name::<E>(), error.to_string());
    }
    span.end(result.is_ok());
    result
}

/// Commits a transition, or the one that replaces it after a refusal, and returns the state with the name of
/// the event that records the commit. Returns `None` if another writer has changed the state.
async fn commit<G: Saga, S: Store, F>(
    saga: &G,
    state: G::State,
    store: &S,
    context: &CommandContext,
    by: G::Transition,
) -> Result<Option<(G::State, &'static str)>, SagaError<F>> {
    let event = saga.event_name(&by);
    let refusal = match store.execute_on(state, saga.advance(by), context).await {
        Err(ExecuteError::Refused(refusal)) => refusal,
        result => return result.map(|executed| Some((executed.into_output(), event))).map_err(drive_error),
    };
    let Some(instead) = saga.on_refusal(refusal)? else { return Ok(None) };
    let event = saga.event_name(&instead);
    match store.execute(saga.advance(instead), context).await {
        Err(ExecuteError::Refused(_)) => Ok(None),
        result => result.map(|executed| Some((executed.into_output(), event))).map_err(drive_error),
    }
}

fn drive_error<E, F>(error: ExecuteError<E>) -> SagaError<F> {
    match error {
        ExecuteError::Store(error) => SagaError::Store(error),
        ExecuteError::Refused(_)
        | ExecuteError::KeyReused
        | ExecuteError::Contention
        | ExecuteError::InProgress => SagaError::Contention,
    }
}
