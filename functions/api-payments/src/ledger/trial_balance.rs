//! `GET /v1/ledger/trial-balance`: the balances of all accounts.

use std::collections::BTreeMap;

use axum::extract::State;
use schemars::JsonSchema;
use serde::Serialize;
use shared::api::permission::LedgerReadAny;
use shared::api::{QueryState, RequirePermission};
use shared::domain::ledger::Account;
use shared::domain::values::money::Currency;
use shared::kit::error::ApiError;
use shared::kit::http::ApiResponse;
use shared::projections::account_balances::AccountBalances;

/// Balances of all accounts of the ledger.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(
    rename = "TrialBalance",
    extend("examples" = [{
        "currencies": [{
            "currency": "EUR",
            "accounts": [
                { "account": "gateway", "balance": 10_500 },
                { "account": "platform:commission", "balance": -1_000 },
                { "account": "refunds:owed", "balance": 0 },
                { "account": "seller:pending", "balance": -9_500 },
                { "account": "seller:available", "balance": 0 },
            ],
            "sum": 0,
        }],
    }]),
)]
pub(crate) struct TrialBalanceBody {
    /// Balances in each currency in which there was money.
    currencies: Vec<CurrencyBody>,
}

/// Balances in one currency.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "TrialBalanceOfCurrency")]
struct CurrencyBody {
    /// The currency.
    currency: Currency,
    /// Balance of each account. Those of sellers are the sums over all markets.
    accounts: Vec<AccountBody>,
    /// Sum of the balances: always 0.
    sum: i64,
}

/// Balance of an account.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "AccountBalance")]
struct AccountBody {
    /// The account.
    account: Account,
    /// Balance in minor units: above zero for what the marketplace has, below zero for what it owes or has earned.
    balance: i64,
}

/// Returns the balances of all accounts.
pub(crate) async fn get_trial_balance(
    State(app): State<QueryState>,
    _: RequirePermission<LedgerReadAny>,
) -> Result<ApiResponse<TrialBalanceBody>, ApiError> {
    let balances = app.reader.balances_of_shards().await?;
    Ok(ApiResponse::ok(TrialBalanceBody::of(&balances)))
}

impl TrialBalanceBody {
    fn of(balances: &[AccountBalances]) -> Self {
        let mut sums: BTreeMap<Currency, BTreeMap<Account, i64>> = BTreeMap::new();
        for balances in balances {
            let sums = sums.entry(balances.currency).or_default();
            for (account, balance) in balances.iter() {
                let sum = sums.entry(account).or_default();
                *sum = sum.saturating_add(balance);
            }
        }
        let currencies = sums.into_iter().map(|(currency, accounts)| CurrencyBody {
            currency,
            sum: accounts.values().sum(),
            accounts: accounts
                .into_iter()
                .map(|(account, balance)| AccountBody { account, balance })
                .collect(),
        });
        Self { currencies: currencies.collect() }
    }
}
