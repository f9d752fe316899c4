//! The function `api-users`: creates, lists, returns, updates and deletes accounts.

mod create;
mod delete;
mod get;
mod list;
mod list_item;
mod role_and_status;
mod state;
mod update;

use shared::kit::error::ErrorCode;
use shared::kit::http::openapi::{ApiRouter, OperationDoc, RouteBuilder};

pub use crate::state::UsersState;
use crate::update::{PatchUserRequest, ReplaceUserRequest};

/// Adds the routes of the function.
pub fn routes<R: RouteBuilder<UsersState>>(routes: R) -> R {
    routes
        .get("/v1/users", list::list_users, LIST)
        .post("/v1/users", create::create_user, CREATE)
        .get("/v1/users/me", get::get_current_user, GET_CURRENT)
        .patch("/v1/users/me", update::update_current_user, PATCH_CURRENT)
        .get("/v1/users/{id}", get::get_user, GET)
        .put("/v1/users/{id}", update::update_user::<ReplaceUserRequest>, REPLACE)
        .patch("/v1/users/{id}", update::update_user::<PatchUserRequest>, PATCH)
        .delete("/v1/users/{id}", delete::delete_user, DELETE)
}

const LIST: OperationDoc = OperationDoc::new("List accounts").with_description(
    "Lists the accounts of all users, newest first by default; moderators and administrators have the \
     permission. The filters `status`, `role` and `search` can be combined with each other and with \
     any sort order. `updatedAt` and `version` are returned only if `fields` names them.\n\n\
     `search` finds an account if each word of the text is the beginning of a word of its name, or if \
     the text is the beginning of its e-mail address. A new name is found a little later. A `search` \
     with more than 1,000 matches is a `VALIDATION_ERROR` of `search`: use a longer text. \
     `pagination.total` may lag behind recent changes.",
);

const CREATE: OperationDoc = OperationDoc::new("Create an account for another person")
    .with_description(
        "Creates an account with a name, an e-mail address and a role, without a password, and sends an \
         invitation to the address asynchronously. The account cannot log in until its owner has set a \
         password with the token of the invitation and `POST /v1/auth/password-reset/confirm`, which \
         also verifies the address.\n\n\
         The token expires seven days after the account was created and can be used once. To send another \
         one, request a password reset with `POST /v1/auth/password-reset`: the token of that e-mail works \
         as well, and is valid for an hour. The first token that is used invalidates all others, as does a \
         change of the address.\n\n\
         `EMAIL_TAKEN` means that an account with the address exists; `error.fields` names `email`. An \
         `Idempotency-Key` is required: repeat a request with the same key if you did not get its response.",
    )
    .with_errors(&[ErrorCode::EmailTaken]);

const GET_CURRENT: OperationDoc = OperationDoc::new("Get your account")
    .with_description(
        "Returns the account of the access token, even if it is suspended. Use its `id` and `version` \
         to change or delete the account. With `If-None-Match`, the response is 304 as long as the \
         account has not changed. `NOT_FOUND` means that the account has been deleted.",
    )
    .with_errors(&[ErrorCode::NotFound]);

const PATCH_CURRENT: OperationDoc = OperationDoc::new("Change properties of your account")
    .with_description(
        "Applies a JSON Merge Patch (RFC 7396) to the account of the access token: the same as \
         `PATCH /v1/users/{id}` with your own id. For example, `{\"notifications\": {\"sales\": false}}` \
         turns off e-mails about new orders and about cancellations by buyers. E-mails about your \
         own purchases, about failed refunds and about the account itself are always sent.\n\n\
         A new `email` requires `currentPassword`, and becomes `pendingEmail`: see \
         `PATCH /v1/users/{id}`.\n\n\
         `If-Match` is required; a request that changes nothing does not create a new version. Changing \
         your own `role` or `status` is a `VALIDATION_ERROR`. A suspended account gets `TOKEN_REVOKED`.",
    )
    .with_errors(&[ErrorCode::NotFound, ErrorCode::InvalidCredentials, ErrorCode::TooManyAttempts])
    .with_operation_id("patchCurrentUser");

const GET: OperationDoc = OperationDoc::new("Get an account").with_description(
    "Returns an account to its owner and to callers with the permission `users:read` (moderators and \
     administrators). For other callers, it does not exist (`NOT_FOUND`). With `If-None-Match`, the \
     response is 304 as long as the account has not changed.",
);

const REPLACE: OperationDoc = OperationDoc::new("Replace the e-mail address and the name of an account")
    .with_description(
        "Sets the e-mail address and the name. Users can replace their own account; callers with the \
         permission `users:update` (administrators) can replace any account. The role and the status \
         are changed with `PATCH`.\n\n\
         A new address requires `currentPassword` and becomes `pendingEmail`, as described for \
         `PATCH /v1/users/{id}`. The current address cancels a pending change. `If-Match` is required; a \
         request that changes nothing does not create a new version.\n\n\
         `FORBIDDEN` means that the caller can read the account but not change it, `NOT_FOUND` that it \
         is not visible to the caller. The owner of a suspended account gets `TOKEN_REVOKED`.",
    )
    .with_errors(&[ErrorCode::Forbidden, ErrorCode::InvalidCredentials, ErrorCode::TooManyAttempts])
    .with_operation_id("replaceUser");

const PATCH: OperationDoc = OperationDoc::new("Change properties of an account")
    .with_description(
        "Applies a JSON Merge Patch (RFC 7396): fields that are absent keep their values. Users can \
         change the `email`, `name` and `notifications` of their own account. Callers with the permission \
         `users:update` (administrators) can change every field of other accounts; callers with \
         `users:suspend` (moderators) only the `status` of accounts with the role `user`. Changing \
         one's own `role` or `status` is a `VALIDATION_ERROR`.\n\n\
         A new `email` requires `currentPassword`, the password of the caller, also for another account. \
         Without it, the request fails with a `VALIDATION_ERROR`; with a wrong one, with \
         `INVALID_CREDENTIALS`. Wrong passwords are counted as failed logins, and too many of them cause \
         `TOO_MANY_ATTEMPTS`. The new address is shown as `pendingEmail` and has no effect until the token \
         that is sent to it is passed to `POST /v1/auth/verify-email`; log in with the old address until \
         then. The old address gets a notice. Send the request again for another token; an address gets at \
         most one such e-mail per minute and ten in 24 hours. The current address as `email`, or a password \
         reset, cancels a pending change. If another account has the new address, the response is the same, \
         but no token is sent.\n\n\
         Suspending an account ends all its sessions for good: after it is reinstated with `active`, \
         the user must log in again. Its active markets become `closed` shortly after the suspension, and \
         stay closed until the reinstated user sets them to `active`. `If-Match` is required; a request \
         that changes nothing does not create a new version.\n\n\
         `FORBIDDEN` means that the caller can read the account but not make this change, `NOT_FOUND` \
         that it is not visible to the caller. The owner of a suspended account gets `TOKEN_REVOKED`.",
    )
    .with_errors(&[ErrorCode::Forbidden, ErrorCode::InvalidCredentials, ErrorCode::TooManyAttempts])
    .with_operation_id("patchUser");

const DELETE: OperationDoc = OperationDoc::new("Delete an account")
    .with_description(
        "Deletes an account permanently. Users can delete their own account; callers with the \
         permission `users:delete` (administrators) can delete any account. `If-Match` is required.\n\n\
         The password is deleted, all sessions end, and the e-mail address can be registered again. \
         `INVALID_STATE` means that a market of the account is `active`: close or delete it first. The other \
         markets and the orders of the account remain. `FORBIDDEN` means that the caller can \
         read the account but not delete it, `NOT_FOUND` that it does not exist or is not visible to \
         the caller. The owner of a suspended account gets `TOKEN_REVOKED`.",
    )
    .with_errors(&[ErrorCode::Forbidden, ErrorCode::InvalidState]);

/// Creates the router of the function.
pub fn router(app: UsersState) -> ApiRouter {
    routes(ApiRouter::new()).with_state(app)
}
