//! Permissions as types: a handler names the one it needs among its arguments.

use std::marker::PhantomData;

use axum::extract::FromRequestParts;
use http::request::Parts;

use super::caller::Authenticated;
use crate::api::state::{ApiState, AppState};
use crate::domain::user::{Role, UserStatus};
use crate::domain::values::actor::{Actor, Permission};
use crate::kit::command::StoreError;
use crate::kit::error::{ApiError, ErrorCode};
use crate::repository::user::UserReader;

/// A permission, as a type.
pub trait PermissionType: Send + Sync + 'static {
    /// Which.
    const PERMISSION: Permission;
}

/// Makes a type of each permission.
macro_rules! grants {
    ($($(#[$doc:meta])+ $name:ident,)+) => {$(
        $(#[$doc])+
        #[derive(Debug, Clone, Copy)]
        pub struct $name;

        impl PermissionType for $name {
            const PERMISSION: Permission = Permission::$name;
        }
    )+};
}

grants! {
    /// May read anybody's order.
    OrdersReadAny,
    /// May read anybody's payment.
    PaymentsReadAny,
    /// May suspend markets, and lift suspensions.
    MarketsSuspend,
    /// May read what any market sold.
    MarketsStats,
    /// May read anybody's account, and list accounts.
    UsersRead,
    /// May suspend accounts of users, and reinstate them.
    UsersSuspend,
    /// May change anybody's account, its role and status included.
    UsersUpdate,
    /// May delete anybody's account.
    UsersDelete,
    /// May read messages that could not be processed.
    DeadLettersRead,
    /// May have messages tried again that could not be processed, or remove them.
    JobsRedrive,
}

/// Knows who is who at this moment.
pub trait UserLookup: ApiState {
    /// Reads users.
    type Users: UserReader;
    /// Reads users.
    fn users(&self) -> &Self::Users;
}

impl<S: Send + Sync + 'static, Q: UserReader> UserLookup for AppState<S, Q> {
    type Users = Q;

    fn users(&self) -> &Q {
        &self.reader
    }
}

/// Whether the caller holds `P` at this moment, where the answer depends on more than that.
#[derive(Debug, Clone, Copy)]
pub struct HasPermission<P> {
    held: bool,
    grant: PhantomData<fn() -> P>,
}

impl<P> HasPermission<P> {
    /// Whether the caller holds it.
    #[must_use]
    pub const fn is_held(&self) -> bool {
        self.held
    }
}

/// A caller who holds `P` at this moment. Anybody else: 403.
#[derive(Debug, Clone, Copy)]
pub struct RequirePermission<P> {
    /// Who it is.
    pub actor: Actor,
    grant: PhantomData<fn() -> P>,
}

/// The token's word is not enough for a yes: the role may have been taken back since it was issued, which is a no; or the
/// account may be suspended or gone, and then the token counts for nothing any more. It is enough for a no.
async fn holds<P: PermissionType>(
    actor: &Actor,
    parts: &mut Parts,
    users: &impl UserReader,
) -> Result<bool, ApiError> {
    if !actor.may(P::PERMISSION) {
        return Ok(false);
    }
    let role = current_role(actor, parts, users).await?.ok_or_else(token_revoked)?;
    Ok(role.permissions().contains(&P::PERMISSION))
}

/// The role that the account has now; none if it is gone or suspended. Read once for all permissions of a request.
async fn current_role(
    actor: &Actor,
    parts: &mut Parts,
    users: &impl UserReader,
) -> Result<Option<Role>, StoreError> {
    if let Some(CurrentRole(known)) = parts.extensions.get() {
        return Ok(*known);
    }
    let user = users.user(actor.user).await?.filter(|user| user.status == UserStatus::Active);
    let role = user.map(|user| user.role);
    parts.extensions.insert(CurrentRole(role));
    Ok(role)
}

/// What the holder of a token is told whose account is suspended or gone.
#[must_use]
pub fn token_revoked() -> ApiError {
    ApiError::new(ErrorCode::TokenRevoked, "the account is suspended or gone; its tokens count no more")
}

#[derive(Clone, Copy)]
struct CurrentRole(Option<Role>);

impl<S: UserLookup, P: PermissionType> FromRequestParts<S> for HasPermission<P> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let Authenticated(actor) = Authenticated::from_request_parts(parts, state).await?;
        let held = holds::<P>(&actor, parts, state.users()).await?;
        Ok(Self { held, grant: PhantomData })
    }
}

impl<S: UserLookup, P: PermissionType> FromRequestParts<S> for RequirePermission<P> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let Authenticated(actor) = Authenticated::from_request_parts(parts, state).await?;
        if holds::<P>(&actor, parts, state.users()).await? {
            Ok(Self { actor, grant: PhantomData })
        } else {
            Err(ApiError::new(ErrorCode::Forbidden, "this needs a permission that you do not hold"))
        }
    }
}
