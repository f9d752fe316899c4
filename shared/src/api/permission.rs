//! Permissions as types: a handler names the one it needs among its arguments.

use std::marker::PhantomData;

use axum::extract::FromRequestParts;
use http::request::Parts;

use super::caller::Authenticated;
use crate::api::state::{App, Edge};
use crate::domain::user::{Role, UserStatus};
use crate::domain::values::actor::{Actor, Permission};
use crate::kit::command::StoreError;
use crate::kit::error::{ApiError, Code};
use crate::repository::user::UserReader;

/// A permission, as a type.
pub trait Grant: Send + Sync + 'static {
    /// Which.
    const PERMISSION: Permission;
}

/// Makes a type of each permission.
macro_rules! grants {
    ($($(#[$doc:meta])+ $name:ident,)+) => {$(
        $(#[$doc])+
        #[derive(Debug, Clone, Copy)]
        pub struct $name;

        impl Grant for $name {
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
pub trait Accounts: Edge {
    /// Reads users.
    type Users: UserReader;
    /// Reads users.
    fn users(&self) -> &Self::Users;
}

impl<S: Send + Sync + 'static, Q: UserReader> Accounts for App<S, Q> {
    type Users = Q;

    fn users(&self) -> &Q {
        &self.reader
    }
}

/// Whether the caller holds `P` at this moment, where the answer depends on more than that.
#[derive(Debug, Clone, Copy)]
pub struct May<P> {
    held: bool,
    grant: PhantomData<fn() -> P>,
}

impl<P> May<P> {
    /// Whether the caller holds it.
    #[must_use]
    pub const fn is_held(&self) -> bool {
        self.held
    }
}

/// A caller who holds `P` at this moment. Anybody else: 403.
#[derive(Debug, Clone, Copy)]
pub struct Permitted<P> {
    /// Who it is.
    pub actor: Actor,
    grant: PhantomData<fn() -> P>,
}

/// The token's word is not enough for a yes: the role may have been taken back since it was issued, which is a no; or the
/// account may be suspended or gone, and then the token counts for nothing any more. It is enough for a no.
async fn holds<P: Grant>(
    actor: &Actor,
    parts: &mut Parts,
    users: &impl UserReader,
) -> Result<bool, ApiError> {
    if !actor.may(P::PERMISSION) {
        return Ok(false);
    }
    let role = current_role(actor, parts, users).await?.ok_or_else(revoked)?;
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
    let user = users.current_user(actor.user).await?.filter(|user| user.status == UserStatus::Active);
    let role = user.map(|user| user.role);
    parts.extensions.insert(CurrentRole(role));
    Ok(role)
}

/// What the holder of a token is told whose account is suspended or gone.
#[must_use]
pub fn revoked() -> ApiError {
    ApiError::new(Code::TokenRevoked, "the account is suspended or gone; its tokens count no more")
}

#[derive(Clone, Copy)]
struct CurrentRole(Option<Role>);

impl<S: Accounts, P: Grant> FromRequestParts<S> for May<P> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let Authenticated(actor) = Authenticated::from_request_parts(parts, state).await?;
        let held = holds::<P>(&actor, parts, state.users()).await?;
        Ok(Self { held, grant: PhantomData })
    }
}

impl<S: Accounts, P: Grant> FromRequestParts<S> for Permitted<P> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let Authenticated(actor) = Authenticated::from_request_parts(parts, state).await?;
        if holds::<P>(&actor, parts, state.users()).await? {
            Ok(Self { actor, grant: PhantomData })
        } else {
            Err(ApiError::new(Code::Forbidden, "this needs a permission that you do not hold"))
        }
    }
}
