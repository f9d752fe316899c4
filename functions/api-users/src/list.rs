//! `GET /v1/users`: accounts, for those who may read any.

use axum::extract::State;
use deserr::Deserr;
use schemars::JsonSchema;
use shared::api::list::sort::Sort;
use shared::api::permission::UsersRead;
use shared::api::with_total;
use shared::api::{AppState, RequirePermission, UserBody};
use shared::domain::user::{Role, UserStatus};
use shared::domain::values::text::Name;
use shared::kit::error::{ApiError, FieldErrors};
use shared::kit::http::{CursorCodec, ListQuery, ListResponse};
use shared::repository::projections::list_total::TotalReader;
use shared::repository::user::UserReader;
use shared::repository::user::list::{UserList, UserListReader};

use crate::role_and_status::{RoleRequest, StatusRequest};

/// Which accounts, in which order.
#[derive(Debug, Deserr, JsonSchema)]
#[deserr(error = FieldErrors, rename_all = camelCase, deny_unknown_fields)]
#[schemars(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ListUsersQuery {
    #[deserr(default)]
    status: Option<StatusRequest>,
    #[deserr(default)]
    role: Option<RoleRequest>,
    /// How a name or an address begins.
    #[deserr(default)]
    search: Option<Name>,
    #[deserr(default)]
    #[schemars(default)]
    sort: Sort,
}

/// Lists accounts.
pub(crate) async fn list_users<S, Q>(
    State(app): State<AppState<S, Q>>,
    permitted: RequirePermission<UsersRead>,
    asked: ListQuery<ListUsersQuery, UserBody>,
) -> Result<ListResponse<UserBody>, ApiError>
where
    S: Clone + Send + Sync + 'static,
    Q: UserReader + UserListReader + TotalReader,
{
    let list = UserList::from(asked.filter);
    let (name, caller) = (format!("users {list:?}"), permitted.actor.user.to_string());
    let cursors = CursorCodec::new(&app.seal, &name, &caller);
    let slice = asked.paging.slice(&cursors)?;
    let total = list.totals();
    let users = with_total(app.reader.users(&list, &slice), app.reader.total(&total)).await?;
    let pagination = asked.paging.pagination(&users, &cursors);
    Ok(ListResponse::new(users.items.into_iter().map(UserBody::from).collect(), pagination)
        .with_fields(asked.fields))
}

impl From<ListUsersQuery> for UserList {
    fn from(query: ListUsersQuery) -> Self {
        Self {
            status: query.status.map(UserStatus::from),
            role: query.role.map(Role::from),
            search: query.search,
            order: query.sort.into(),
        }
    }
}
