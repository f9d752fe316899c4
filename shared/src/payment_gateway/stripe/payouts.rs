//! Operations of payouts.

use super::{StripeGateway, accounts, transfers};
use crate::domain::order::payment::GatewayId;
use crate::kit::command::CorrelationId;
use crate::kit::resilience::http_client::Transport;
use crate::kit::system::clock::{Clock, Entropy};
use crate::payment_gateway::GatewayError;
use crate::payment_gateway::payout_gateway::{
    AccountAnswer, AccountIntent, GatewayTransfer, OnboardingAnswer, OnboardingUrls, PayoutAccount,
    PayoutGateway, PayoutName, TransferAnswer, TransferIntent,
};

impl<T: Transport, C: Clock, R: Entropy> PayoutGateway for StripeGateway<T, C, R> {
    async fn transfer(
        &self,
        intent: &TransferIntent,
        correlation: &CorrelationId,
    ) -> Result<TransferAnswer, GatewayError> {
        transfers::transfer(self, intent, correlation).await
    }

    async fn transfers(
        &self,
        payout: &PayoutName,
        correlation: &CorrelationId,
    ) -> Result<Vec<GatewayTransfer>, GatewayError> {
        transfers::of_payout(self, payout, correlation).await
    }

    async fn create_account(
        &self,
        intent: &AccountIntent,
        correlation: &CorrelationId,
    ) -> Result<AccountAnswer, GatewayError> {
        accounts::create(self, intent, correlation).await
    }

    async fn create_onboarding_link(
        &self,
        account: &GatewayId,
        urls: &OnboardingUrls,
        correlation: &CorrelationId,
    ) -> Result<OnboardingAnswer, GatewayError> {
        accounts::create_link(self, account, urls, correlation).await
    }

    async fn account(
        &self,
        id: &GatewayId,
        correlation: &CorrelationId,
    ) -> Result<Option<PayoutAccount>, GatewayError> {
        accounts::read(self, id, correlation).await
    }
}
