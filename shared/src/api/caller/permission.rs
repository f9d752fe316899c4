//! Permissions as types. A handler declares the permission that it needs in its arguments.

use std::marker::PhantomData;

use axum::extract::FromRequestParts;
use http::request::Parts;

use super::Authenticated;
use crate::api::state::{ApiState, CommandState, QueryState};
use crate::domain::user::{Role, UserStatus};
use crate::domain::values::actor::{Actor, Permission};
use crate::kit::command::StoreError;
use crate::kit::error::{ApiError, ErrorCode};
use crate::repository::user::UserReader;

/// Type of a permission.
pub trait PermissionType: Send + Sync + 'static {
    /// The permission.
    const PERMISSION: Permission;
}

/// Declares a type for each permission.
macro_rules! permission_types {
    ($($(#[$doc:meta])+ $name:ident,)+) => {$(
        $(#[$doc])+
        #[derive(Debug, Clone, Copy)]
        pub struct $name;

        impl PermissionType for $name {
            const PERMISSION: Permission = Permission::$name;
        }
    )+};
}

permission_types! {
    /// Read orders of all users.
    OrdersReadAny,
    /// Read payments of all users.
    PaymentsReadAny,
    /// Read the balances and the journal entries of all markets, and the trial balance.
    LedgerReadAny,
    /// Refund orders of all sellers.
    OrdersRefundAny,
    /// Suspend markets and lift suspensions.
    MarketsSuspend,
    /// Set the commission on the orders of a market.
    MarketsSetCommission,
    /// Read the daily sales of all markets.
    MarketsStats,
    /// Read and list accounts of all users.
    UsersRead,
    /// Create accounts for other people.
    UsersCreate,
    /// Suspend and reinstate accounts of users.
    UsersSuspend,
    /// Change accounts of all users, including role and status.
    UsersUpdate,
    /// Delete accounts of all users.
    UsersDelete,
    /// Read the events of all markets and of the platform.
    EventsReadAny,
    /// Read dead letters.
    DeadLettersRead,
    /// Rebuild projections: search entries, tallies and totals.
    JobsReindex,
    /// Create jobs with a higher priority than their type has.
    JobsPrioritize,
    /// Redrive or remove dead letters.
    JobsRedrive,
}

/// State that can look up users.
pub trait UserLookup: ApiState {
    /// Type of the reader of users.
    type Users: UserReader;
    /// Reader of users.
    fn users(&self) -> &Self::Users;
}

impl<R: UserReader> UserLookup for QueryState<R> {
    type Users = R;

    fn users(&self) -> &R {
        &self.reader
    }
}

impl<R: UserReader> UserLookup for CommandState<R> {
    type Users = R;

    fn users(&self) -> &R {
        &self.queries.reader
    }
}

/// Information whether the caller currently holds `P`, for handlers that also serve callers without it.
#[derive(Debug, Clone, Copy)]
pub struct HasPermission<P> {
    held: bool,
    marker: PhantomData<fn() -> P>,
}

impl<P> HasPermission<P> {
    /// Returns true if the caller holds the permission.
    #[must_use]
    pub const fn is_held(&self) -> bool {
        self.held
    }
}

/// Same as [`HasPermission`], for handlers that need no permission for the caller's own account: a request that is
/// repeated after it has deleted the account gets the stored response.
#[derive(Debug)]
pub struct PermissionForOthers<P>(Result<HasPermission<P>, ApiError>);

impl<P> PermissionForOthers<P> {
    /// Returns true if the caller holds the permission.
    ///
    /// # Errors
    /// [`ErrorCode::TokenRevoked`] if the account of the caller is suspended or deleted.
    pub fn is_held(self) -> Result<bool, ApiError> {
        Ok(self.0?.is_held())
    }
}

/// Caller who currently holds `P`. Other callers are rejected with 403.
#[derive(Debug, Clone, Copy)]
pub struct RequirePermission<P> {
    /// The caller.
    pub actor: Actor,
    marker: PhantomData<fn() -> P>,
}

/// Returns true if the caller holds `P`. A token grants a permission only after the current role was read,
/// because the role can be revoked and the account suspended or deleted after the token was issued. A denial
/// needs no read.
///
/// # Errors
/// [`token_revoked`] if the account is suspended or deleted.
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

/// Current role of the account; `None` if it is suspended or deleted. Read once for all permissions of a
/// request.
async fn current_role(
    actor: &Actor,
    parts: &mut Parts,
    users: &impl UserReader,
) -> Result<Option<Role>, StoreError> {
    if let Some(CurrentRole(role)) = parts.extensions.get() {
        return Ok(*role);
    }
    let user = users.user(actor.user).await?.filter(|user| user.status == UserStatus::Active);
    let role = user.map(|user| user.role);
    parts.extensions.insert(CurrentRole(role));
    Ok(role)
}

/// Error for a valid token whose account is suspended or deleted.
pub(crate) fn token_revoked() -> ApiError {
    ApiError::new(ErrorCode::TokenRevoked, "the account is suspended or deleted; its tokens are revoked")
}

/// Result of [`current_role`], stored in the request.
#[derive(Clone, Copy)]
struct CurrentRole(Option<Role>);

impl<S: UserLookup, P: PermissionType> FromRequestParts<S> for HasPermission<P> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let Authenticated(actor) = Authenticated::from_request_parts(parts, state).await?;
        let held = holds::<P>(&actor, parts, state.users()).await?;
        Ok(Self { held, marker: PhantomData })
    }
}

impl<S: UserLookup, P: PermissionType> FromRequestParts<S> for PermissionForOthers<P> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        Authenticated::from_request_parts(parts, state).await?;
        Ok(Self(HasPermission::from_request_parts(parts, state).await))
    }
}

impl<S: UserLookup, P: PermissionType> FromRequestParts<S> for RequirePermission<P> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let Authenticated(actor) = Authenticated::from_request_parts(parts, state).await?;
        if holds::<P>(&actor, parts, state.users()).await? {
            Ok(Self { actor, marker: PhantomData })
        } else {
            let message = format!("the permission {} is required", P::PERMISSION);
            Err(ApiError::new(ErrorCode::Forbidden, message).with_permission(P::PERMISSION.into()))
        }
    }
}
