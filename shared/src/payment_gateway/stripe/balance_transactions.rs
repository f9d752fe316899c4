//! Balance transactions (<https://docs.stripe.com/api/balance_transactions/list>). Stripe lists the newest first.
//! The page that ends before a known transaction contains the next newer ones.

use serde::Deserialize;

use super::StripeGateway;
use crate::domain::order::payment::GatewayId;
use crate::kit::command::CorrelationId;
use crate::kit::resilience::http_client::Transport;
use crate::kit::system::clock::{Clock, Entropy, Timestamp};
use crate::payment_gateway::GatewayError;
use crate::payment_gateway::balance_transactions::{
    BalanceTransaction, BalanceTransactions, TransactionKind, TransactionPage, TransactionQuery,
};

const TRANSACTIONS: &str = "/v1/balance_transactions";

/// Number of transactions of a page, such that their entries are one read of the table.
const PAGE_SIZE: usize = 50;

/// Maximum number of transactions of a page while the oldest one is searched.
const SEARCHED_PAGE_SIZE: usize = 100;

/// Maximum number of pages in which the oldest transaction is searched.
const MAX_SEARCHED_PAGES: usize = 100;

/// The fields of a list that we use.
#[derive(Debug, Deserialize)]
struct List {
    data: Vec<Transaction>,
    has_more: bool,
}

/// The fields of a balance transaction that we use.
#[derive(Debug, Deserialize)]
struct Transaction {
    id: String,
    #[serde(rename = "type")]
    kind: String,
    amount: i64,
    fee: i64,
    currency: String,
    source: Option<String>,
    created: i64,
}

impl<T: Transport, C: Clock, R: Entropy> BalanceTransactions for StripeGateway<T, C, R> {
    async fn transactions(
        &self,
        query: &TransactionQuery,
        correlation: &CorrelationId,
    ) -> Result<TransactionPage, GatewayError> {
        match &query.after {
            Some(after) => page_after(self, after, correlation).await,
            None => oldest_page(self, query.from, correlation).await,
        }
    }
}

/// Page after a transaction.
async fn page_after<T: Transport, C: Clock, R: Entropy>(
    gateway: &StripeGateway<T, C, R>,
    after: &GatewayId,
    correlation: &CorrelationId,
) -> Result<TransactionPage, GatewayError> {
    let parameters = [("limit", PAGE_SIZE.to_string()), ("ending_before", after.0.clone())];
    let list = list(gateway, &parameters, correlation).await?;
    Ok(TransactionPage { has_more: list.has_more, transactions: oldest_first(list.data) })
}

/// Oldest page since `from`. Stripe cannot sort by time, so all later pages are read to find it.
async fn oldest_page<T: Transport, C: Clock, R: Entropy>(
    gateway: &StripeGateway<T, C, R>,
    from: Timestamp,
    correlation: &CorrelationId,
) -> Result<TransactionPage, GatewayError> {
    let mut oldest: Option<String> = None;
    for number in 0..MAX_SEARCHED_PAGES {
        let mut parameters =
            vec![("limit", SEARCHED_PAGE_SIZE.to_string()), ("created[gte]", from.as_seconds().to_string())];
        parameters.extend(oldest.take().map(|oldest| ("starting_after", oldest)));
        let page = list(gateway, &parameters, correlation).await?;
        if !page.has_more {
            return Ok(TransactionPage { has_more: number > 0, transactions: oldest_first(page.data) });
        }
        oldest = page.data.last().map(|transaction| transaction.id.clone());
    }
    tracing::error!(
        count = MAX_SEARCHED_PAGES,
        "the oldest balance transaction is not on one of these pages"
    );
    Err(GatewayError::Unexpected)
}

async fn list<T: Transport, C: Clock, R: Entropy>(
    gateway: &StripeGateway<T, C, R>,
    parameters: &[(&str, String)],
    correlation: &CorrelationId,
) -> Result<List, GatewayError> {
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(parameters).finish();
    let response = gateway.get(format!("{TRANSACTIONS}?{query}"), correlation).await?;
    List::deserialize(&response.body).map_err(|_| GatewayError::Unexpected)
}

fn oldest_first(listed: Vec<Transaction>) -> Vec<BalanceTransaction> {
    listed.into_iter().rev().map(Transaction::state).collect()
}

impl Transaction {
    fn state(self) -> BalanceTransaction {
        BalanceTransaction {
            id: GatewayId(self.id),
            kind: kind_of(self.kind),
            amount: self.amount,
            fee: self.fee,
            currency: self.currency.to_ascii_uppercase().parse().ok(),
            source: self.source.map(GatewayId),
            created: Timestamp::from_millis(self.created.saturating_mul(1_000)),
        }
    }
}

/// Types of <https://docs.stripe.com/reports/balance-transaction-types> that move the funds of payments.
fn kind_of(name: String) -> TransactionKind {
    match name.as_str() {
        "charge" => TransactionKind::Charge,
        "payment" => TransactionKind::Payment,
        "refund" => TransactionKind::Refund,
        "payment_refund" => TransactionKind::PaymentRefund,
        "refund_failure" => TransactionKind::RefundFailure,
        "payment_failure_refund" => TransactionKind::PaymentFailureRefund,
        "adjustment" => TransactionKind::Adjustment,
        "transfer" => TransactionKind::Transfer,
        "transfer_refund" => TransactionKind::TransferRefund,
        "payout" => TransactionKind::Payout,
        "payout_failure" => TransactionKind::PayoutFailure,
        "payout_cancel" => TransactionKind::PayoutCancel,
        "stripe_fee" => TransactionKind::StripeFee,
        _ => TransactionKind::Other(name),
    }
}
