//! Permissions as types: a handler names the one it needs among its arguments.

use std::marker::PhantomData;

use axum::extract::FromRequestParts;
use http::request::Parts;

use super::app::{App, Edge};
use super::caller::Authenticated;
use crate::command::StoreError;
use crate::domain::actor::{Actor, Permission};
use crate::domain::user::UserStatus;
use crate::http::{ApiError, Code};
use crate::repository::user::UserReader;

/// A permission, as a type.
pub trait Grant: Send + Sync + 'static {
    /// Which.
    const PERMISSION: Permission;
}

/// May read anybody's order.
#[derive(Debug, Clone, Copy)]
pub struct OrdersReadAny;

impl Grant for OrdersReadAny {
    const PERMISSION: Permission = Permission::OrdersReadAny;
}

/// Knows who is who at this moment.
pub trait Accounts: Edge {
    /// Reads users.
    type Users: UserReader;
    /// Reads users.
    fn users(&self) -> &Self::Users;
}

impl<S: Clone + Send + Sync + 'static, Q: UserReader> Accounts for App<S, Q> {
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

/// The token's word is not enough for a yes: the role may have been taken back, or the account suspended, since it was
/// issued. It is enough for a no.
async fn holds<P: Grant>(actor: &Actor, users: &impl UserReader) -> Result<bool, StoreError> {
    if !actor.may(P::PERMISSION) {
        return Ok(false);
    }
    let user = users.current_user(actor.user).await?.filter(|user| user.status == UserStatus::Active);
    Ok(user.is_some_and(|user| user.role.permissions().contains(&P::PERMISSION)))
}

impl<S: Accounts, P: Grant> FromRequestParts<S> for May<P> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let Authenticated(actor) = Authenticated::from_request_parts(parts, state).await?;
        let held = holds::<P>(&actor, state.users()).await?;
        Ok(Self { held, grant: PhantomData })
    }
}

impl<S: Accounts, P: Grant> FromRequestParts<S> for Permitted<P> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let Authenticated(actor) = Authenticated::from_request_parts(parts, state).await?;
        if holds::<P>(&actor, state.users()).await? {
            Ok(Self { actor, grant: PhantomData })
        } else {
            Err(ApiError::new(Code::Forbidden, "this needs a permission that you do not hold"))
        }
    }
}
