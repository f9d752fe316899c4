//! `POST /v1/auth/login`: starts a session with e-mail address and password.

use axum::extract::State;
use deserr::Deserr;
use schemars::JsonSchema;
use shared::api::NonIdempotent;
use shared::api::rate_limits::failed_logins::LoginSource;
use shared::domain::session::known_network::KnownNetworkKey;
use shared::domain::session::start::StartSession;
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
use shared::kit::resilience::rate_limit::attempts::AttemptLimiter;
use shared::repository::user::UserReader;

use crate::body::TokensBody;
use crate::state::AuthState;

/// E-mail address and password of an account.
#[derive(Debug, Deserr, JsonSchema)]
#[deserr(error = FieldErrors, rename_all = camelCase, deny_unknown_fields)]
#[schemars(
    rename_all = "camelCase",
    deny_unknown_fields,
    extend("examples" = [{
        "email": "ada@example.com",
        "password": "correct horse battery",
    }])
)]
pub(crate) struct LoginRequest {
    /// E-mail address of the account; upper and lower case are equivalent.
    email: Email,
    /// Password of the account.
    password: Password,
}

/// Starts a session. Each login is a separate session; an idempotency key has no effect.
pub(crate) async fn log_in(
    State(app): State<AuthState>,
    info: RequestInfo,
    NonIdempotent(context): NonIdempotent,
    Json(request): Json<LoginRequest>,
) -> Result<ApiResponse<TokensBody>, ApiError> {
    let network = info.client_network();
    let login = authenticate(&app, request, &network, &context).await?;
    let user = login.user;
    let id = SessionKey { user_id: user.id, session_id: Id::generate(context.at, &app.entropy) };
    let session = id.session_id.to_string();
    let first = RefreshToken { user: user.id.to_string(), session: session.clone(), generation: 0 };
    let token = TokenHash(first.issue(&app.mac_key).hash());
    let start = StartSession { id, epoch: user.session_epoch, token, network: login.network_to_record };
    app.store.execute(start, &context).await?;
    Ok(ApiResponse::ok(app.tokens(user, &session, &first, context.at)?))
}

/// Account with a verified password.
struct Login {
    user: User,
    /// Client network of the login; `None` if it need not be recorded.
    network_to_record: Option<KnownNetworkKey>,
}

/// Loads the account, counts the attempt and verifies the password. An unknown address, an account without a
/// password and a wrong password have the same response and take the same time.
async fn authenticate(
    app: &AuthState,
    LoginRequest { email, password }: LoginRequest,
    network: &str,
    context: &CommandContext,
) -> Result<Login, ApiError> {
    let account = app.reader.account_by_email(&email).await?;
    let (id, digest) = (account.as_ref().map(|(user, _)| user.id), app.login_limits.digest(network));
    let known = app.reader.known_network(id, digest.clone()).await?;
    let source = LoginSource { network, known };
    let attempt = app.login_limits.admit(app.store.clone(), &email, source, context.at).await?;
    let hash = account.as_ref().and_then(|(_, credentials)| credentials.password_hash());
    let stored = hash.map(str::to_owned);
    let is_correct = app.hasher.verify(password.clone(), stored).await.map_err(ApiError::internal)?;
    let (user, credentials) = account.filter(|_| is_correct).ok_or_else(invalid_credentials)?;
    if user.status != UserStatus::Active {
        return Err(ApiError::new(ErrorCode::Forbidden, "the account is suspended"));
    }
    if app.requires_verified_email && !user.email_verified {
        return Err(ApiError::new(ErrorCode::Forbidden, "verify your e-mail address first"));
    }
    rehash_if_outdated(app, user.id, credentials, password, context).await?;
    AttemptLimiter::new(app.store.clone()).succeeded(attempt).await?;
    let is_due = known.is_none_or(|known| known.is_due(context.at));
    let network_to_record = is_due.then_some(KnownNetworkKey { user_id: user.id, network: digest });
    Ok(Login { user, network_to_record })
}

/// Replaces a password hash that has outdated parameters. If the password was changed meanwhile, the new one
/// remains.
async fn rehash_if_outdated(
    app: &AuthState,
    id: UserId,
    replacing: Credentials,
    password: Password,
    context: &CommandContext,
) -> Result<(), ApiError> {
    if !app.hasher.is_outdated(&replacing.password_hash) {
        return Ok(());
    }
    let password_hash = app.hasher.hash(password).await.map_err(ApiError::internal)?;
    let rehash = RehashPassword { id, replacing, credentials: Credentials { password_hash } };
    match app.store.execute(rehash, context).await {
        Ok(_) | Err(ExecuteError::Refused(RehashError::Changed)) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

fn invalid_credentials() -> ApiError {
    ApiError::new(ErrorCode::InvalidCredentials, "unknown e-mail address or wrong password")
}
