//! `POST /v1/auth/login`: somebody shows that an account is theirs.

use axum::extract::State;
use deserr::Deserr;
use shared::api::Once;
use shared::auth::password::Password;
use shared::auth::refresh::RefreshToken;
use shared::command::Store;
use shared::domain::email::Email;
use shared::domain::id::Id;
use shared::domain::session::start::{StartSession, StartSessionError};
use shared::domain::session::{SessionKey, TokenHash};
use shared::domain::user::{User, UserStatus};
use shared::http::{ApiError, Code, FieldErrors, Json, Reply};
use shared::repository::user::UserReader;

use crate::accounts::Accounts;
use crate::body::TokensBody;

/// Whose account, and the proof.
#[derive(Debug, Deserr)]
#[deserr(error = FieldErrors, rename_all = camelCase, deny_unknown_fields)]
pub(crate) struct LoginRequest {
    email: Email,
    password: Password,
}

/// Starts a session. Every login is a session of its own, whatever idempotency key comes with it.
pub(crate) async fn log_in<S: Store, Q: UserReader>(
    State(accounts): State<Accounts<S, Q>>,
    Once(cause): Once,
    Json(request): Json<LoginRequest>,
) -> Result<Reply<TokensBody>, ApiError> {
    let user = authenticate(&accounts, request).await?;
    let id = SessionKey { user_id: user.id, session_id: Id::generate(cause.at, &accounts.entropy) };
    let session = id.session_id.to_string();
    let first = RefreshToken { user: user.id.to_string(), session: session.clone(), generation: 0 };
    let start = StartSession { id, token: TokenHash(first.issue(&accounts.seal).hash()) };
    let started = accounts.store.execute(start, &cause.unbound()).await;
    started.map_err(|error| error.map_refusal(|never: StartSessionError| -> ApiError { match never {} }))?;
    Ok(Reply::ok(accounts.tokens(user, &session, &first, cause.at)?))
}

/// Whoever the address and the password belong to. An unknown address and a wrong password are answered alike, and take
/// as long.
async fn authenticate<S: Store, Q: UserReader>(
    accounts: &Accounts<S, Q>,
    request: LoginRequest,
) -> Result<User, ApiError> {
    let account = accounts.reader.account(&request.email).await?;
    let stored = account.as_ref().map(|(_, credentials)| credentials.password_hash.clone());
    let proven = accounts.hasher.verify(request.password, stored).await.map_err(ApiError::internal)?;
    let user = account.map(|(user, _)| user).filter(|_| proven).ok_or_else(wrong)?;
    if user.status == UserStatus::Active {
        Ok(user)
    } else {
        Err(ApiError::new(Code::Forbidden, "the account is suspended"))
    }
}

fn wrong() -> ApiError {
    ApiError::new(Code::InvalidCredentials, "e-mail address and password do not belong together")
}
