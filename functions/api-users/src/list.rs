//! `GET /v1/users`: lists accounts.

use std::collections::HashMap;

use axum::extract::State;
use deserr::Deserr;
use schemars::JsonSchema;
use shared::api::list::sort::Sort;
use shared::api::permission::UsersRead;
use shared::api::with_total;
use shared::api::{QueryState, RequirePermission};
use shared::domain::user::{Role, User, UserId, UserStatus, UserSummary};
use shared::domain::values::text::Name;
use shared::kit::error::{ApiError, FieldErrors};
use shared::kit::http::{CursorCodec, ListQuery, ListResponse};
use shared::repository::projections::list_total::TotalReader;
use shared::repository::user::list::UserList;

use crate::list_item::UserListItem;
use crate::role_and_status::{RoleRequest, StatusRequest};

/// Filters and sort order of the list.
#[derive(Debug, Deserr, JsonSchema)]
#[deserr(error = FieldErrors, rename_all = camelCase, deny_unknown_fields)]
#[schemars(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ListUsersQuery {
    /// Only accounts with this status.
    #[deserr(default)]
    status: Option<StatusRequest>,
    /// Only accounts with this role.
    #[deserr(default)]
    role: Option<RoleRequest>,
    /// Text to search for. Each of its words is the beginning of a word of the name, or the whole text is the
    /// beginning of the e-mail address. Case and accents are ignored.
    #[deserr(default)]
    search: Option<Name>,
    /// Sort order: `createdAt` or `name`; prefix with `-` for descending. Default `-createdAt`.
    #[deserr(default)]
    #[schemars(default)]
    sort: Sort,
}

/// Lists accounts.
pub(crate) async fn list_users(
    State(app): State<QueryState>,
    authorized: RequirePermission<UsersRead>,
    query: ListQuery<ListUsersQuery, UserListItem>,
) -> Result<ListResponse<UserListItem>, ApiError> {
    let list = UserList::from(query.filter);
    let (name, caller) = (format!("users {list:?}"), authorized.actor.user.to_string());
    let cursors = CursorCodec::new(&app.mac_key, &name, &caller);
    let slice = query.paging.slice(&cursors)?;
    let total = list.totals();
    let users = with_total(app.reader.users(&list, &slice), app.reader.total(&total)).await?;
    let pagination = query.paging.pagination(&users, &cursors);
    let details = if query.fields.names_any_of(&UserListItem::DETAILS) {
        let ids: Vec<UserId> = users.items.iter().map(|user| user.id).collect();
        app.reader.by_id::<User>(&ids).await?
    } else {
        HashMap::new()
    };
    let item = |user: UserSummary| {
        let details = details.get(&user.id);
        UserListItem::new(user, details)
    };
    Ok(ListResponse::new(users.items.into_iter().map(item).collect(), pagination).with_fields(query.fields))
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
