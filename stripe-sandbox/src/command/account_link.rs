//! `POST /v1/account_links` (<https://docs.stripe.com/api/account_links/create>), and the onboarding behind the
//! link: opening it, and submitting its form.

use serde_json::json;

use super::change_account::update;
use super::{Context, Outcome, StoredObject};
use crate::account::{Account, AccountLink, LinkState, Verification};
use crate::error::StripeError;
use crate::form::Form;
use crate::stripe_json::connect;

/// Creates a link to the onboarding of an account.
pub(crate) struct CreateAccountLink {
    account: String,
    refresh_url: String,
    return_url: String,
    is_update: bool,
}

impl CreateAccountLink {
    pub(crate) fn parse(mut form: Form) -> Result<Self, StripeError> {
        let account = form.required("account")?;
        let kind = form.choice("type", &["account_onboarding", "account_update"])?;
        let kind = kind.ok_or_else(|| StripeError::missing_param("type"))?;
        let command = Self {
            account,
            refresh_url: url(&mut form, "refresh_url")?,
            return_url: url(&mut form, "return_url")?,
            is_update: kind == "account_update",
        };
        form.ignore_parameters(&["collect", "collection_options"]);
        form.finish()?;
        Ok(command)
    }

    pub(super) fn execute(self, context: &mut Context<'_>) -> Result<Outcome, StripeError> {
        let account = context.store.accounts.get(&self.account).filter(|account| !account.closed);
        let account = account.ok_or_else(|| {
            let message = format!("No such account: '{}'", self.account);
            StripeError::invalid(message).code("resource_missing").param("account").executed()
        })?;
        if self.is_update && account.kind.as_deref() != Some("custom") {
            let message = "You cannot create `account_update` type Account Links for this account. Valid Account Link \
                           types for this account are: `account_onboarding`.";
            return Err(StripeError::invalid(message).executed());
        }
        if matches!(account.verification, Verification::Rejected(_)) {
            let message = "You cannot create an account link for an account that has been rejected.";
            return Err(StripeError::invalid(message).executed());
        }
        let link = AccountLink {
            id: context.new_id("al"),
            account: self.account,
            refresh_url: self.refresh_url,
            return_url: self.return_url,
            created: context.now,
            state: LinkState::New,
        };
        let json = connect::account_link(&link, context.host);
        Ok(Outcome::stored([StoredObject::AccountLink(link)], json))
    }
}

fn url(form: &mut Form, name: &str) -> Result<String, StripeError> {
    let url = form.required(name)?;
    let is_http = url.starts_with("http://") || url.starts_with("https://");
    if is_http && url.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Ok(url);
    }
    Err(StripeError::invalid("Not a valid URL").code("url_invalid").param(name))
}

/// Visit of the owner of an account to its onboarding.
pub(crate) struct Onboard {
    link: String,
    visit: Visit,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Visit {
    Open,
    Complete,
    Refuse,
}

impl Onboard {
    pub(crate) fn open(link: String, form: Form) -> Result<Self, StripeError> {
        form.finish()?;
        Ok(Self { link, visit: Visit::Open })
    }

    pub(crate) fn submit(link: String, mut form: Form) -> Result<Self, StripeError> {
        let decision = form.choice("decision", &["complete", "refuse"])?;
        form.finish()?;
        let refuses = decision.as_deref() == Some("refuse");
        Ok(Self { link, visit: if refuses { Visit::Refuse } else { Visit::Complete } })
    }

    /// Opens the form, or redirects the owner. A link that was used or is expired leads to its refresh URL.
    pub(super) fn execute(self, context: &mut Context<'_>) -> Result<Outcome, StripeError> {
        let link = context.store.links.get(&self.link).cloned();
        let link = link.ok_or_else(|| StripeError::missing("account_link", &self.link, "id").executed())?;
        let Ok(account) = context.account(&link.account) else { return Ok(redirect(&link.refresh_url)) };
        let is_allowed = match self.visit {
            Visit::Open => link.is_valid(context.now),
            Visit::Complete | Visit::Refuse => link.state == LinkState::Opened,
        };
        if !is_allowed {
            return Ok(redirect(&link.refresh_url));
        }
        let state = if self.visit == Visit::Open { LinkState::Opened } else { LinkState::Submitted };
        let url = link.return_url.clone();
        let stored = StoredObject::AccountLink(AccountLink { state, ..link });
        Ok(match self.visit {
            Visit::Open => Outcome::stored([stored], json!({ "account": connect::account(&account) })),
            Visit::Refuse => redirect(&url).with_stored(stored),
            Visit::Complete => complete(account, context, &url).with_stored(stored),
        })
    }
}

fn redirect(url: &str) -> Outcome {
    Outcome::stored([], json!({ "redirect": url }))
}

/// Completes the onboarding. A rejected account stays rejected.
fn complete(account: Account, context: &mut Context<'_>, return_url: &str) -> Outcome {
    if matches!(account.verification, Verification::Rejected(_)) {
        return redirect(return_url);
    }
    let updated = update(account.onboarded(Verification::Complete), context);
    Outcome { result: redirect(return_url).result, ..updated }
}
