//! Requests about accounts and sessions.

use serde_json::json;

use super::{Draft, Entry, with_body, with_query};
use crate::model::{Kind, PASSWORD};
use crate::step::{Call, Caller};

pub(super) const ENTRIES: &[Entry] = &[
    ("registerUser", 30, register),
    ("createUser", 6, invite),
    ("verifyEmail", 12, verify_email),
    ("logIn", 6, log_in),
    ("refreshSession", 5, refresh),
    ("logOut", 3, log_out),
    ("requestPasswordReset", 4, request_reset),
    ("confirmPasswordReset", 5, confirm_reset),
    ("unsubscribe", 20, unsubscribe),
    ("getUnsubscribePage", 3, unsubscribe_page),
    ("getJwks", 2, jwks),
    ("listUsers", 4, list),
    ("getUser", 5, get),
    ("getCurrentUser", 4, me),
    ("patchCurrentUser", 6, patch_me),
    ("patchUser", 16, patch),
    ("replaceUser", 4, replace),
    ("deleteUser", 7, delete),
];

fn register(draft: &mut Draft<'_>) -> Option<Call> {
    let taken = if draft.percent(10) { draft.any(Kind::Account) } else { None };
    let email = match taken {
        Some(other) => format!("$email:{}", other.step),
        None => format!("user-{}@example.com", draft.step),
    };
    let name = format!("User {}", draft.step);
    let body = json!({ "email": email, "password": PASSWORD, "name": name });
    with_body(draft.request(Caller::Anonymous), body)
}

fn invite(draft: &mut Draft<'_>) -> Option<Call> {
    let caller = draft.mostly(Caller::Admin);
    let role = draft.one_of(&["user", "moderator"]);
    let taken = if draft.percent(10) { draft.any(Kind::Account) } else { None };
    let email = match taken {
        Some(other) => format!("$email:{}", other.step),
        None => format!("invited-{}@example.com", draft.step),
    };
    with_body(draft.request(caller), json!({ "email": email, "name": "Invited", "role": role }))
}

fn verify_email(draft: &mut Draft<'_>) -> Option<Call> {
    let account = draft.any(Kind::Account)?;
    let token = format!("$verify:{}", account.step);
    with_body(draft.request(Caller::Anonymous), json!({ "token": token }))
}

fn log_in(draft: &mut Draft<'_>) -> Option<Call> {
    let account = draft.any(Kind::Account)?;
    let password = if draft.percent(85) { PASSWORD } else { "a wrong password" };
    let body = json!({ "email": format!("$email:{}", account.step), "password": password });
    with_body(draft.request(Caller::Anonymous), body)
}

fn refresh(draft: &mut Draft<'_>) -> Option<Call> {
    let account = draft.any(Kind::Account)?;
    let token = if draft.percent(90) { format!("$refresh:{}", account.step) } else { "rt_wrong".to_owned() };
    with_body(draft.request(Caller::Anonymous), json!({ "refreshToken": token }))
}

fn log_out(draft: &mut Draft<'_>) -> Option<Call> {
    refresh(draft)
}

fn request_reset(draft: &mut Draft<'_>) -> Option<Call> {
    let account = draft.any(Kind::Account)?;
    let email =
        if draft.percent(85) { format!("$email:{}", account.step) } else { "unknown@example.com".to_owned() };
    with_body(draft.request(Caller::Anonymous), json!({ "email": email }))
}

fn confirm_reset(draft: &mut Draft<'_>) -> Option<Call> {
    let account = draft.any(Kind::Account)?;
    let token = format!("$reset:{}", account.step);
    with_body(draft.request(Caller::Anonymous), json!({ "token": token, "password": PASSWORD }))
}

fn unsubscribe(draft: &mut Draft<'_>) -> Option<Call> {
    let account = draft.any(Kind::Account)?;
    let token = if draft.percent(80) { format!("$unsubscribe:{}", account.step) } else { "wrong".to_owned() };
    with_query(draft.request(Caller::Anonymous), format!("token={token}"))
}

fn unsubscribe_page(draft: &mut Draft<'_>) -> Option<Call> {
    unsubscribe(draft)
}

fn jwks(draft: &mut Draft<'_>) -> Option<Call> {
    Some(draft.request(Caller::Anonymous))
}

fn list(draft: &mut Draft<'_>) -> Option<Call> {
    let caller = draft.mostly(Caller::Admin);
    let filter = draft.one_of(&["", "role=user", "status=suspended", "search=user"]);
    let page = draft.page();
    with_query(draft.request(caller), format!("{filter}&{page}").trim_matches('&'))
}

fn get(draft: &mut Draft<'_>) -> Option<Call> {
    let account = draft.any(Kind::Account)?;
    let caller = draft.mostly(account.owner);
    Some(draft.about(caller, &account))
}

fn me(draft: &mut Draft<'_>) -> Option<Call> {
    let caller = draft.account()?;
    Some(draft.request(caller))
}

fn patch_me(draft: &mut Draft<'_>) -> Option<Call> {
    let caller = draft.account()?;
    let sales = draft.percent(50);
    let body = match draft.rng.u8(..3) {
        0 => json!({ "name": format!("Renamed {}", draft.step) }),
        1 => json!({ "notifications": { "sales": sales } }),
        _ => new_address(draft),
    };
    with_body(draft.request(caller), body)
}

/// Body that changes the address. It is verified with the token of the e-mail to the new address.
fn new_address(draft: &Draft<'_>) -> serde_json::Value {
    json!({ "email": format!("moved-{}@example.com", draft.step), "currentPassword": PASSWORD })
}

fn patch(draft: &mut Draft<'_>) -> Option<Call> {
    let account = draft.any(Kind::Account)?;
    if draft.percent(70) {
        let caller = draft.mostly(Caller::Admin);
        let status = draft.one_of(&["suspended", "active", "active"]);
        return with_body(draft.about(caller, &account), json!({ "status": status }));
    }
    let caller = draft.mostly(account.owner);
    let body = if draft.percent(50) {
        json!({ "name": format!("Renamed {}", draft.step) })
    } else {
        new_address(draft)
    };
    with_body(draft.about(caller, &account), body)
}

fn replace(draft: &mut Draft<'_>) -> Option<Call> {
    let account = draft.any(Kind::Account)?;
    let caller = draft.mostly(account.owner);
    let body = json!({ "email": format!("$email:{}", account.step), "name": format!("Put {}", draft.step) });
    with_body(draft.about(caller, &account), body)
}

fn delete(draft: &mut Draft<'_>) -> Option<Call> {
    let account = draft.any(Kind::Account)?;
    let caller = draft.mostly(account.owner);
    Some(draft.about(caller, &account))
}
