//! Changes of connected accounts: `DELETE /v1/accounts/{id}`
//! (<https://docs.stripe.com/api/accounts/delete>), and those that Stripe or the owner of the account makes:
//! `POST /sandbox/accounts/{id}/complete`, `disable`, `reject` and `close`.

use serde_json::{Value, json};

use super::{Context, Outcome, StoredObject};
use crate::account::{Account, RejectionReason, Verification};
use crate::error::StripeError;
use crate::form::Form;
use crate::stripe_json::connect;

/// Change of a connected account.
pub(crate) struct ChangeAccount {
    id: String,
    change: Change,
}

#[derive(Clone, Copy)]
enum Change {
    /// The owner completes the onboarding, or submits what is due.
    Complete(Verification),
    /// Further information is due.
    Disable,
    /// Stripe rejects the account.
    Reject(RejectionReason),
    /// The owner closes the account.
    Close,
    /// The platform deletes the account.
    Delete,
}

impl ChangeAccount {
    pub(crate) fn parse(id: String, action: &str, mut form: Form) -> Result<Self, StripeError> {
        let change = match action {
            "complete" => {
                Change::Complete(match form.choice("verification", &["complete", "pending"])?.as_deref() {
                    Some("pending") => Verification::Pending,
                    _ => Verification::Complete,
                })
            }
            "disable" => Change::Disable,
            "reject" => Change::Reject(rejection_reason(&mut form)?),
            "close" => Change::Close,
            _ => {
                return Err(StripeError::invalid(
                    "Invalid action: must be one of complete, disable, reject, close",
                ));
            }
        };
        form.finish()?;
        Ok(Self { id, change })
    }

    pub(crate) fn delete(id: String, form: Form) -> Result<Self, StripeError> {
        form.finish()?;
        Ok(Self { id, change: Change::Delete })
    }

    pub(super) fn execute(self, context: &mut Context<'_>) -> Result<Outcome, StripeError> {
        let account = context.account(&self.id)?;
        let is_rejected = matches!(account.verification, Verification::Rejected(_));
        let account = match self.change {
            Change::Complete(_) | Change::Disable if is_rejected => {
                let message = format!("Account {} is rejected and does not change any more.", self.id);
                return Err(StripeError::invalid(message).executed());
            }
            Change::Complete(verification) => account.onboarded(verification),
            Change::Disable => account.disabled(),
            Change::Reject(reason) => account.rejected(reason),
            Change::Close => return Ok(close(account, context)),
            Change::Delete => {
                check_balance(&account, context)?;
                return Ok(delete(account));
            }
        };
        Ok(update(account, context))
    }
}

/// Stores a changed account, with its event.
pub(super) fn update(account: Account, context: &mut Context<'_>) -> Outcome {
    let json = connect::account(&account);
    let event = context.event_of_account(&account.id, "account.updated", &json);
    Outcome::stored([StoredObject::Account(account)], json).with_event(event)
}

/// An account that its owner closes is no longer accessible
/// (<https://docs.stripe.com/api/events/types#event_types-account.application.deauthorized>).
fn close(account: Account, context: &mut Context<'_>) -> Outcome {
    let application = json!({ "id": "ca_sandbox", "object": "application", "name": "Payment sandbox" });
    let event = context.event_of_account(&account.id, "account.application.deauthorized", &application);
    delete(account).with_event(event)
}

/// An account of a live platform can be deleted only if its balances are zero.
fn check_balance(account: &Account, context: &Context<'_>) -> Result<(), StripeError> {
    let currencies: Vec<_> = context.store.currencies_of_account(&account.id).into_iter().collect();
    if currencies.is_empty() {
        return Ok(());
    }
    let message = format!(
        "You cannot delete the account when the balance in any currency is non-zero. Currencies with non-zero \
         balances: {}.",
        currencies.join(", ")
    );
    Err(StripeError::invalid(message).executed())
}

fn delete(account: Account) -> Outcome {
    let json: Value = json!({ "id": account.id, "object": "account", "deleted": true });
    Outcome::stored([StoredObject::Account(Account { closed: true, ..account })], json)
}

fn rejection_reason(form: &mut Form) -> Result<RejectionReason, StripeError> {
    let reason = form.choice("reason", &["fraud", "terms_of_service", "other"])?;
    Ok(match reason.as_deref() {
        Some("terms_of_service") => RejectionReason::TermsOfService,
        Some("other") => RejectionReason::Other,
        _ => RejectionReason::Fraud,
    })
}
