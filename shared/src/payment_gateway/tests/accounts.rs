//! Connected accounts and their onboarding.

use stripe_sandbox::{Effect, Operation};

use super::Fixture;
use crate::domain::market::MarketId;
use crate::domain::order::payment::{DeclineCode, GatewayId};
use crate::payment_gateway::GatewayError;
use crate::payment_gateway::payout_gateway::{
    AccountAnswer, AccountIntent, OnboardingAnswer, OnboardingLink, OnboardingUrls, PayoutAccount,
    PayoutGateway, TransferCapability,
};

fn intent(attempt: u32) -> AccountIntent {
    let market: MarketId = "mkt_01K0000000000000000000000A".parse().unwrap();
    AccountIntent { market, attempt, country: "DE".parse().unwrap() }
}

impl Fixture {
    async fn create_account(&self, attempt: u32) -> Result<AccountAnswer, GatewayError> {
        self.gateway.create_account(&intent(attempt), &self.correlation).await
    }

    async fn account(&self, id: &GatewayId) -> Result<Option<PayoutAccount>, GatewayError> {
        self.gateway.account(id, &self.correlation).await
    }

    async fn link(&self, account: &GatewayId) -> OnboardingAnswer {
        let urls = OnboardingUrls {
            refresh: "https://shop.test/again".to_owned(),
            completion: "https://shop.test/done".to_owned(),
        };
        self.gateway.create_onboarding_link(account, &urls, &self.correlation).await.unwrap()
    }
}

#[tokio::test]
async fn created_account_is_read_again_when_replayed() {
    let fixture = Fixture::new();
    let created = fixture.create_account(1).await.unwrap();
    let AccountAnswer::Created(account) = created else { panic!("{created:?}") };
    assert_eq!(account.transfers, TransferCapability::Inactive);
    assert!(!account.payouts_enabled && !account.details_submitted && !account.currently_due.is_empty());
    assert_eq!(account.disabled_reason.as_deref(), Some("requirements.past_due"));
    let metadata = &fixture.sandbox.ledger().accounts[0].metadata;
    assert_eq!(metadata["market_id"], intent(1).market.to_string());

    fixture.post(&format!("/sandbox/accounts/{}/complete", account.id), "").await;
    let replayed = fixture.create_account(1).await.unwrap();
    let AccountAnswer::Created(enabled) = replayed else { panic!("{replayed:?}") };
    assert_eq!((&enabled.id, enabled.transfers), (&account.id, TransferCapability::Active));
    assert!(enabled.payouts_enabled && enabled.details_submitted && enabled.currently_due.is_empty());
    assert_eq!(fixture.account(&account.id).await, Ok(Some(enabled)));
    assert_eq!(fixture.sandbox.ledger().accounts.len(), 1);
}

#[tokio::test]
async fn failed_creation_needs_the_next_attempt() {
    let fixture = Fixture::new();
    fixture.fault(Operation::CreateAccount, Effect::Fail { status: 500 });
    assert_eq!(fixture.create_account(1).await, Ok(AccountAnswer::Failed));
    assert_eq!(fixture.create_account(1).await, Ok(AccountAnswer::Failed), "the key remembers it");
    assert!(matches!(fixture.create_account(2).await, Ok(AccountAnswer::Created(_))));
    fixture.fault(Operation::CreateAccount, Effect::Fail { status: 400 });
    let refused = fixture.create_account(3).await;
    assert_eq!(refused, Ok(AccountAnswer::Refused(DeclineCode::new("declined"))));
}

#[tokio::test]
async fn each_link_is_a_new_one() {
    let fixture = Fixture::new();
    let account = fixture.enabled_account().await;
    let links = [fixture.link(&account).await, fixture.link(&account).await];
    let [OnboardingAnswer::Created(OnboardingLink { url: first, .. }), OnboardingAnswer::Created(second)] =
        links
    else {
        panic!("{links:?}")
    };
    assert!(first.starts_with("http://") && first != second.url);
    assert!(!format!("{second:?}").contains("http"), "the URL is not logged");
}

#[tokio::test]
async fn closed_account_does_not_exist_and_has_no_links() {
    let fixture = Fixture::new();
    let account = fixture.enabled_account().await;
    fixture.post(&format!("/sandbox/accounts/{account}/close"), "").await;
    assert_eq!(fixture.account(&account).await, Ok(None));
    let code = DeclineCode::new("resource_missing");
    assert_eq!(fixture.link(&account).await, OnboardingAnswer::Refused(code));
    fixture.fault(Operation::RetrieveAccount, Effect::Fail { status: 403 });
    assert_eq!(fixture.account(&account).await, Err(GatewayError::Misconfigured));
}
