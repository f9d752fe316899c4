//! `GET /v1/markets/{id}/balance`: the money of a market's seller.

use axum::extract::State;
use schemars::JsonSchema;
use serde::Serialize;
use shared::api::market_access::require_market_access;
use shared::api::permission::LedgerReadAny;
use shared::api::{Authenticated, HasPermission, QueryState};
use shared::domain::ledger::Account;
use shared::domain::market::MarketId;
use shared::domain::values::money::Currency;
use shared::kit::error::ApiError;
use shared::kit::http::{ApiResponse, Path};
use shared::projections::account_balances::{AccountBalances, BalanceScope};

use super::SignedMoney;

/// Money of a market.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(
    rename = "MarketBalance",
    extend("examples" = [{
        "marketId": "mkt_01J8Z3K5V0ABCDEFGHJKMNPQRS",
        "balances": [{
            "currency": "EUR",
            "pending": { "amount": 8995, "currency": "EUR" },
            "available": { "amount": 35982, "currency": "EUR" },
            "refundsOwed": { "amount": 1999, "currency": "EUR" },
            "commission": { "amount": 4998, "currency": "EUR" },
        }],
    }]),
)]
pub(crate) struct BalanceBody {
    /// Id of the market.
    market_id: MarketId,
    /// Balances in each currency; empty if the market never had money.
    balances: Vec<CurrencyBalance>,
}

/// Money of a market in one currency.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct CurrencyBalance {
    /// Currency of the balances.
    currency: Currency,
    /// Money of the seller from paid orders that are not delivered yet, without the commission.
    pending: SignedMoney,
    /// Money of the seller from delivered orders, and from orders without shipping. Below zero if the seller owes
    /// money to the marketplace, because orders were refunded later.
    available: SignedMoney,
    /// Money of buyers: refunds that are not made yet, or have failed.
    refunds_owed: SignedMoney,
    /// Commission that the marketplace has kept.
    commission: SignedMoney,
}

/// Returns the balances of a market.
pub(crate) async fn get_balance(
    State(app): State<QueryState>,
    Authenticated(actor): Authenticated,
    read_any: HasPermission<LedgerReadAny>,
    Path(id): Path<MarketId>,
) -> Result<ApiResponse<BalanceBody>, ApiError> {
    require_market_access(&actor, read_any, id, &app.reader).await?;
    let balances = app.reader.balances(BalanceScope::Market(id)).await?;
    let balances = balances.iter().map(CurrencyBalance::from).collect();
    Ok(ApiResponse::ok(BalanceBody { market_id: id, balances }))
}

impl From<&AccountBalances> for CurrencyBalance {
    fn from(balances: &AccountBalances) -> Self {
        let currency = balances.currency;
        // The ledger is debit positive: what the marketplace owes is below zero.
        let credit = |account| SignedMoney { amount: balances.of(account).saturating_neg(), currency };
        Self {
            currency,
            pending: credit(Account::SellerPending),
            available: credit(Account::SellerAvailable),
            refunds_owed: credit(Account::RefundsOwed),
            commission: credit(Account::Commission),
        }
    }
}
