//! `GET /v1/users`: accounts, for those who may read any.

use axum::extract::State;
use deserr::Deserr;
use schemars::JsonSchema;
use shared::api::permission::UsersRead;
use shared::api::sort::Sort;
use shared::api::{App, Permitted, UserBody};
use shared::domain::text::Name;
use shared::domain::user::{Role, UserStatus};
use shared::http::cursor::Limit;
use shared::http::{ApiError, Cursors, FieldErrors, List, PageRequest, Query};
use shared::repository::user::UserReader;
use shared::repository::user::list::{UserList, UserLister};

use crate::standing::{RoleRequest, StatusRequest};

/// Which accounts, in which order, and which page of them.
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
    #[deserr(default)]
    limit: Option<Limit>,
    #[deserr(default)]
    cursor: Option<String>,
}

/// Lists accounts.
pub(crate) async fn list_users<S: Clone + Send + Sync + 'static, Q: UserReader + UserLister>(
    State(app): State<App<S, Q>>,
    permitted: Permitted<UsersRead>,
    Query(query): Query<ListUsersQuery>,
) -> Result<List<UserBody>, ApiError> {
    let (list, page) = query.parts();
    let (name, caller) = (format!("users {list:?}"), permitted.actor.user.to_string());
    let cursors = Cursors::new(&app.seal, &name, &caller);
    let after = cursors.open(page.cursor.as_deref())?;
    let users = app.reader.users(&list, page.limit(), after).await?;
    let next = users.next.map(|position| cursors.seal(&position));
    Ok(List::new(users.items.into_iter().map(UserBody::from).collect(), page.limit(), next))
}

impl ListUsersQuery {
    fn parts(self) -> (UserList, PageRequest) {
        let list = UserList {
            status: self.status.map(UserStatus::from),
            role: self.role.map(Role::from),
            search: self.search,
            order: self.sort.into(),
        };
        (list, PageRequest { limit: self.limit, cursor: self.cursor })
    }
}
