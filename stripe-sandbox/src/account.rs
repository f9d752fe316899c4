//! Connected accounts (<https://docs.stripe.com/api/accounts>) and links to their onboarding.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::clock;
use super::collection::Identified;

/// Information that a new account requires
/// (<https://docs.stripe.com/connect/required-verification-information>).
const INITIAL_REQUIREMENTS: [&str; 6] = [
    "business_type",
    "external_account",
    "representative.first_name",
    "representative.last_name",
    "tos_acceptance.date",
    "tos_acceptance.ip",
];

/// Information that a disabled account requires.
const LATER_REQUIREMENT: &str = "individual.verification.document";

/// Time for which an account link can be opened.
const LINK_TTL: Duration = Duration::from_mins(5);

/// State of the verification of an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verification {
    /// Information is due.
    Due,
    /// The submitted information is being verified.
    Pending,
    /// The account is enabled.
    Complete,
    /// The account was rejected, and cannot be enabled any more.
    Rejected(RejectionReason),
}

/// Reason for rejecting an account (<https://docs.stripe.com/api/account/reject>).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RejectionReason {
    /// Fraud.
    Fraud,
    /// Violation of the terms of service.
    TermsOfService,
    /// Another reason.
    Other,
}

/// Connected account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// `acct_…`
    pub id: String,
    /// Type: `express`, `standard` or `custom`. `None` if the controller was given instead.
    #[serde(rename = "type")]
    pub kind: Option<String>,
    /// Members of `controller[…]`.
    pub controller: BTreeMap<String, String>,
    /// Country code.
    pub country: String,
    /// E-mail address.
    pub email: Option<String>,
    /// Metadata of the caller.
    pub metadata: BTreeMap<String, String>,
    /// Names of the requested capabilities.
    pub capabilities: Vec<String>,
    /// State of the verification.
    pub verification: Verification,
    /// True if the onboarding was completed, even if further information is due now.
    pub details_submitted: bool,
    /// Information that is due.
    pub currently_due: Vec<String>,
    /// True if the account was deleted, or closed by its owner. It does not exist for the platform.
    pub closed: bool,
    /// Idempotency key of the call that created the account.
    pub idempotency_key: Option<String>,
    /// Time of creation.
    pub created: Timestamp,
}

impl Account {
    /// Information that a new account requires.
    pub(super) fn initial_requirements() -> Vec<String> {
        INITIAL_REQUIREMENTS.map(str::to_owned).to_vec()
    }

    /// Returns true if this capability is active.
    #[must_use]
    pub fn has_active(&self, capability: &str) -> bool {
        self.verification == Verification::Complete && self.capabilities.iter().any(|name| name == capability)
    }

    /// Returns true if payouts to the bank account of the account are enabled.
    #[must_use]
    pub fn payouts_enabled(&self) -> bool {
        self.verification == Verification::Complete
    }

    /// Status of the requested capabilities (<https://docs.stripe.com/api/capabilities/object>).
    pub(super) fn capability_status(&self) -> &'static str {
        match self.verification {
            Verification::Complete => "active",
            Verification::Pending => "pending",
            Verification::Due | Verification::Rejected(_) => "inactive",
        }
    }

    /// Reason for which the account is disabled
    /// (<https://docs.stripe.com/api/accounts/object#account_object-requirements-disabled_reason>).
    pub(super) fn disabled_reason(&self) -> Option<&'static str> {
        match self.verification {
            Verification::Complete => None,
            Verification::Due => Some("requirements.past_due"),
            Verification::Pending => Some("requirements.pending_verification"),
            Verification::Rejected(RejectionReason::Fraud) => Some("rejected.fraud"),
            Verification::Rejected(RejectionReason::TermsOfService) => Some("rejected.terms_of_service"),
            Verification::Rejected(RejectionReason::Other) => Some("rejected.other"),
        }
    }

    /// The account after its owner has submitted the information that was due.
    pub(super) fn onboarded(self, verification: Verification) -> Self {
        Self { verification, details_submitted: true, currently_due: Vec::new(), ..self }
    }

    /// The account after further information has become due.
    pub(super) fn disabled(self) -> Self {
        Self { verification: Verification::Due, currently_due: vec![LATER_REQUIREMENT.to_owned()], ..self }
    }

    /// The account after its rejection.
    pub(super) fn rejected(self, reason: RejectionReason) -> Self {
        Self { verification: Verification::Rejected(reason), currently_due: Vec::new(), ..self }
    }
}

/// Link to the onboarding of an account (<https://docs.stripe.com/api/account_links>). It can be opened once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct AccountLink {
    /// Secret part of the URL.
    pub(super) id: String,
    pub(super) account: String,
    pub(super) refresh_url: String,
    pub(super) return_url: String,
    pub(super) created: Timestamp,
    pub(super) state: LinkState,
}

/// State of an account link.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum LinkState {
    /// The link was not opened.
    New,
    /// The link was opened, and its form can be submitted.
    Opened,
    /// The form was submitted.
    Submitted,
}

impl AccountLink {
    pub(super) fn expires_at(&self) -> Timestamp {
        clock::after(self.created, LINK_TTL)
    }

    /// Returns true if the link can be opened.
    pub(super) fn is_valid(&self, now: Timestamp) -> bool {
        self.state == LinkState::New && now < self.expires_at()
    }
}

impl Identified for Account {
    fn id(&self) -> &str {
        &self.id
    }
}

impl Identified for AccountLink {
    fn id(&self) -> &str {
        &self.id
    }
}
