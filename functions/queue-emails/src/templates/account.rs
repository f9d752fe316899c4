//! E-mails about accounts.
//!
//! These e-mails go to unverified addresses, so they contain no user input, not even a name. A user who
//! registers a third party's address cannot send that party a message.

pub(crate) mod address_change;
pub(crate) mod invite;
pub(crate) mod reset;
pub(crate) mod verify;

/// Builds a link with the token in the fragment. Browsers do not send the fragment, so that the token appears
/// in no server log and no `Referer` header.
fn link(app_url: &str, page: &str, token: &str) -> String {
    format!("{app_url}/{page}#token={token}")
}
