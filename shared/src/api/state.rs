//! State of the HTTP functions.

use std::ops::Deref;
use std::sync::Arc;

use axum::extract::FromRef;

use crate::domain::access::active_account::ByActiveAccount;
use crate::domain::values::actor::Actor;
use crate::kit::auth::access_token::TokenVerifier;
use crate::kit::auth::hmac_key::HmacKey;
use crate::kit::aws::dynamodb::{DynamoReader, DynamoStore};
use crate::kit::command::{Command, CommandContext, ExecuteResult, Store};
use crate::kit::http::openapi::RouterState;
use crate::kit::system::clock::{DynEntropy, Entropy, SystemEntropy};
use crate::kit::system::config::{ConfigError, Environment};

/// Keys that extractors need from the state of a router.
pub trait ApiState: Clone + Send + Sync + 'static {
    /// Verifier of access tokens.
    fn verifier(&self) -> &TokenVerifier;
    /// Key that authenticates cursors and computes request fingerprints.
    fn mac_key(&self) -> &HmacKey;
}

/// State of the GET handlers. It has no store, so a handler that takes it cannot write.
///
/// ```
/// use axum::extract::State;
/// use shared::api::{CommandState, QueryState};
/// use shared::kit::http::ApiResponse;
/// use shared::kit::http::openapi::RouteBuilder;
///
/// async fn read(State(_): State<QueryState>) -> ApiResponse<u32> {
///     ApiResponse::ok(1)
/// }
/// fn routes<R: RouteBuilder<CommandState>>(routes: R) -> R {
///     routes.get("/v1/things", read, "List things")
/// }
/// ```
///
/// A GET route does not accept a handler that takes the [`CommandState`]:
///
/// ```compile_fail,E0277
/// use axum::extract::State;
/// use shared::api::{CommandState, QueryState};
/// use shared::kit::http::ApiResponse;
/// use shared::kit::http::openapi::RouteBuilder;
///
/// async fn write(State(_): State<CommandState>) -> ApiResponse<u32> {
///     ApiResponse::ok(1)
/// }
/// fn routes<R: RouteBuilder<CommandState>>(routes: R) -> R {
///     routes.get("/v1/things", write, "List things")
/// }
/// ```
#[derive(Debug)]
pub struct QueryState<R = DynamoReader>(Arc<QueryStateInner<R>>);

/// Fields of a [`QueryState`].
#[derive(Debug)]
pub struct QueryStateInner<R> {
    /// Reader that executes queries.
    pub reader: R,
    /// Verifier of access tokens.
    pub verifier: TokenVerifier,
    /// Key that authenticates cursors and computes request fingerprints.
    pub mac_key: HmacKey,
}

/// State of all other handlers, and of the router.
#[derive(Debug)]
pub struct CommandState<R = DynamoReader>(Arc<CommandStateInner<R>>);

/// Fields of a [`CommandState`].
#[derive(Debug)]
pub struct CommandStateInner<R> {
    /// Store that executes commands.
    pub store: DynamoStore,
    /// Entropy for new ids.
    pub entropy: DynEntropy,
    /// State of the GET handlers.
    pub queries: QueryState<R>,
}

impl<R> QueryState<R> {
    /// Creates a state with `reader` and the keys of the environment.
    ///
    /// # Errors
    /// [`ConfigError`] naming the variable.
    pub fn new(env: &Environment, reader: R) -> Result<Self, ConfigError> {
        let verifier = TokenVerifier::from_env(env)?;
        let mac_key = HmacKey::new(&env.secret("AGORA_CURSOR_KEY")?);
        Ok(Self(Arc::new(QueryStateInner { reader, verifier, mac_key })))
    }
}

impl<R> CommandState<R> {
    /// Creates a state with `store`, `reader` and the keys of the environment.
    ///
    /// # Errors
    /// [`ConfigError`] naming the variable.
    pub fn new(env: &Environment, store: DynamoStore, reader: R) -> Result<Self, ConfigError> {
        let queries = QueryState::new(env, reader)?;
        Ok(Self(Arc::new(CommandStateInner { store, entropy: DynEntropy::new(SystemEntropy), queries })))
    }
}

impl<R: Send + Sync + 'static> CommandState<R> {
    /// Replaces the entropy of the operating system.
    #[must_use]
    pub fn with_entropy(self, entropy: impl Entropy) -> Self {
        let (store, queries) = (self.store.clone(), self.queries.clone());
        Self(Arc::new(CommandStateInner { store, entropy: DynEntropy::new(entropy), queries }))
    }

    /// Executes a command of a caller, unless the caller's account is suspended or deleted. The account is
    /// read in the same request as the state of the command.
    ///
    /// # Errors
    /// [`CallerError`](crate::domain::access::active_account::CallerError), or the errors of
    /// [`Store::execute`].
    pub async fn execute_as<C: Command>(
        &self,
        caller: &Actor,
        command: C,
        context: &CommandContext,
    ) -> ExecuteResult<ByActiveAccount<C>> {
        self.store.execute(ByActiveAccount { caller: caller.user, command }, context).await
    }
}

impl<R: Send + Sync + 'static> RouterState for CommandState<R> {
    type Queries = QueryState<R>;
}

impl<R: Send + Sync + 'static> RouterState for QueryState<R> {
    type Queries = Self;
}

impl<R> FromRef<CommandState<R>> for QueryState<R> {
    fn from_ref(state: &CommandState<R>) -> Self {
        state.queries.clone()
    }
}

impl<R> Clone for QueryState<R> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<R> Clone for CommandState<R> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<R> Deref for QueryState<R> {
    type Target = QueryStateInner<R>;

    fn deref(&self) -> &QueryStateInner<R> {
        &self.0
    }
}

impl<R> Deref for CommandState<R> {
    type Target = CommandStateInner<R>;

    fn deref(&self) -> &CommandStateInner<R> {
        &self.0
    }
}

impl<R: Send + Sync + 'static> ApiState for QueryState<R> {
    fn verifier(&self) -> &TokenVerifier {
        &self.verifier
    }

    fn mac_key(&self) -> &HmacKey {
        &self.mac_key
    }
}

impl<R: Send + Sync + 'static> ApiState for CommandState<R> {
    fn verifier(&self) -> &TokenVerifier {
        &self.queries.verifier
    }

    fn mac_key(&self) -> &HmacKey {
        &self.queries.mac_key
    }
}
