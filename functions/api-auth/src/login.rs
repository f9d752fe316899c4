//! `POST /v1/auth/login`: somebody shows that an account is theirs.

use axum::extract::State;
use deserr::Deserr;
use schemars::JsonSchema;
use shared::api::NonIdempotent;
use shared::domain::session::start::{StartSession, StartSessionError};
use shared::domain::session::{SessionKey, TokenHash};
use shared::domain::user::rehash::{RehashError, RehashPassword};
use shared::domain::user::{Credentials, User, UserId, UserStatus};
use shared::domain::values::email::Email;
use shared::domain::values::id::Id;
use shared::kit::auth::password::Password;
use shared::kit::auth::refresh_token::RefreshToken;
use shared::kit::command::{CommandContext, ExecuteError, Store};
use shared::kit::error::{ApiError, ErrorCode, FieldErrors};
use shared::kit::http::{ApiResponse, Json, RequestInfo};
use shared::kit::resilience::rate_limit::attempts::{AtomicCounters, AttemptLimiter};
use shared::repository::user::UserReader;

use crate::body::TokensBody;
use crate::state::AuthState;

/// Whose account, and the proof.
#[derive(Debug, Deserr, JsonSchema)]
#[deserr(error = FieldErrors, rename_all = camelCase, deny_unknown_fields)]
#[schemars(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct LoginRequest {
    email: Email,
    password: Password,
}

/// Starts a session. Every login is a session of its own, whatever idempotency key comes with it.
pub(crate) async fn log_in<S: Store + AtomicCounters, Q: UserReader>(
    State(accounts): State<AuthState<S, Q>>,
    facts: RequestInfo,
    NonIdempotent(cause): NonIdempotent,
    Json(request): Json<LoginRequest>,
) -> Result<ApiResponse<TokensBody>, ApiError> {
    let (store, who) = (accounts.store.clone(), (&request.email, facts.source_ip.as_str()));
    let attempt = accounts.login_limits.admit(store.clone(), &accounts.seal, who, cause.at).await?;
    let user = authenticate(&accounts, request, &cause).await?;
    AttemptLimiter::new(store).succeeded(attempt).await?;
    let id = SessionKey { user_id: user.id, session_id: Id::generate(cause.at, &accounts.entropy) };
    let session = id.session_id.to_string();
    let first = RefreshToken { user: user.id.to_string(), session: session.clone(), generation: 0 };
    let start =
        StartSession { id, epoch: user.session_epoch, token: TokenHash(first.issue(&accounts.seal).hash()) };
    let started = accounts.store.execute(start, &cause).await;
    started.map_err(|error| error.map_refusal(|never: StartSessionError| -> ApiError { match never {} }))?;
    Ok(ApiResponse::ok(accounts.tokens(user, &session, &first, cause.at)?))
}

/// Whoever the address and the password belong to. An unknown address and a wrong password are answered alike, and take
/// as long.
async fn authenticate<S: Store, Q: UserReader>(
    accounts: &AuthState<S, Q>,
    LoginRequest { email, password }: LoginRequest,
    cause: &CommandContext,
) -> Result<User, ApiError> {
    let account = accounts.reader.account_by_email(&email).await?;
    let stored = account.as_ref().map(|(_, credentials)| credentials.password_hash.clone());
    let proven = accounts.hasher.verify(password.clone(), stored).await.map_err(ApiError::internal)?;
    let (user, credentials) = account.filter(|_| proven).ok_or_else(invalid_credentials)?;
    if user.status != UserStatus::Active {
        Err(ApiError::new(ErrorCode::Forbidden, "the account is suspended"))
    } else if accounts.requires_verified_email && !user.email_verified {
        Err(ApiError::new(ErrorCode::Forbidden, "verify your e-mail address first"))
    } else {
        rehash_if_outdated(accounts, user.id, credentials, password, cause).await?;
        Ok(user)
    }
}

/// Stores the password under today's parameters, if its hash is of other ones. Whoever changed it meanwhile is right.
async fn rehash_if_outdated<S: Store, Q: UserReader>(
    accounts: &AuthState<S, Q>,
    id: UserId,
    replacing: Credentials,
    password: Password,
    cause: &CommandContext,
) -> Result<(), ApiError> {
    if !accounts.hasher.is_outdated(&replacing.password_hash) {
        return Ok(());
    }
    let password_hash = accounts.hasher.hash(password).await.map_err(ApiError::internal)?;
    let rehash = RehashPassword { id, replacing, credentials: Credentials { password_hash } };
    match accounts.store.execute(rehash, cause).await {
        Ok(_) | Err(ExecuteError::Refused(RehashError::Changed)) => Ok(()),
        Err(error) => Err(error.map_refusal(|_| invalid_credentials()).into()),
    }
}

fn invalid_credentials() -> ApiError {
    ApiError::new(ErrorCode::InvalidCredentials, "e-mail address and password do not belong together")
}
