//! `GET /v1/markets/{id}/ledger`: the journal entries of a market.

use axum::extract::State;
use deserr::Deserr;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use shared::api::list::sort::TimeSort;
use shared::api::market_access::require_market_access;
use shared::api::permission::LedgerReadAny;
use shared::api::{Authenticated, HasPermission, QueryState};
use shared::domain::ledger::{Account, EntryId, JournalEntry};
use shared::domain::market::MarketId;
use shared::domain::order::OrderId;
use shared::domain::values::period::Period;
use shared::kit::error::{ApiError, FieldErrors};
use shared::kit::http::{CursorCodec, ListQuery, ListResponse, Path};
use shared::kit::system::clock::Timestamp;
use shared::repository::ledger::entries::EntryQuery;

use super::SignedMoney;

/// Filter and sort order of the list.
#[derive(Debug, Deserr, JsonSchema)]
#[deserr(error = FieldErrors, rename_all = camelCase, deny_unknown_fields)]
#[schemars(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ListEntriesQuery {
    /// Only entries of this order. Excludes `from` and `to`.
    #[deserr(default)]
    order_id: Option<OrderId>,
    /// Only entries at this time or later.
    #[deserr(default)]
    from: Option<Timestamp>,
    /// Only entries before this time.
    #[deserr(default)]
    to: Option<Timestamp>,
    /// Sort order: `createdAt`; prefix with `-` for descending. Default `-createdAt`.
    #[deserr(default)]
    #[schemars(default)]
    sort: TimeSort,
}

/// Journal entry: the changes of accounts by one change of an order.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(
    rename = "JournalEntry",
    extend("examples" = [{
        "id": "ord_01J8Z3K5V0ABCDEFGHJKMNPQRS.3",
        "orderId": "ord_01J8Z3K5V0ABCDEFGHJKMNPQRS",
        "postings": [
            { "account": "gateway", "amount": { "amount": 10_500, "currency": "EUR" } },
            { "account": "platform:commission", "amount": { "amount": -1_000, "currency": "EUR" } },
            { "account": "seller:pending", "amount": { "amount": -9_500, "currency": "EUR" } },
        ],
        "createdAt": "2027-01-15T08:00:00.000Z",
    }]),
)]
pub(crate) struct EntryBody {
    /// Id of the entry: the order and its version after the change.
    id: EntryId,
    /// Order that was changed.
    order_id: OrderId,
    /// Changes of accounts. They add up to 0 in each currency.
    postings: Vec<PostingBody>,
    /// Time since when the seller has earned what is posted to `seller:available`: the delivery of the order, or its
    /// confirmation if nothing is shipped. Absent if nothing is posted to it.
    #[serde(skip_serializing_if = "Option::is_none")]
    earned_at: Option<Timestamp>,
    /// Time of the entry.
    created_at: Timestamp,
}

/// Change of an account.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Posting")]
struct PostingBody {
    /// The account. The accounts of the seller are those of this market.
    account: Account,
    /// The change: above zero for a debit, below zero for a credit.
    amount: SignedMoney,
}

/// Returns a page of the journal entries of a market.
pub(crate) async fn list_entries(
    State(app): State<QueryState>,
    Authenticated(actor): Authenticated,
    read_any: HasPermission<LedgerReadAny>,
    Path(market): Path<MarketId>,
    query: ListQuery<ListEntriesQuery, EntryBody>,
) -> Result<ListResponse<EntryBody>, ApiError> {
    let entries = query.filter.into_query(market)?;
    require_market_access(&actor, read_any, market, &app.reader).await?;
    let (name, caller) = (format!("entries {entries:?}"), actor.user.to_string());
    let cursors = CursorCodec::new(&app.mac_key, &name, &caller);
    let slice = query.paging.slice(&cursors)?;
    let page = app.reader.entries(&entries, &slice).await?;
    let pagination = query.paging.pagination(&page, &cursors);
    let items = page.items.into_iter().map(EntryBody::from).collect();
    Ok(ListResponse::new(items, pagination).with_fields(query.fields))
}

impl ListEntriesQuery {
    fn into_query(self, market: MarketId) -> Result<EntryQuery, ApiError> {
        let period = Period { from: self.from, to: self.to };
        if period.is_empty() {
            return Err(ApiError::field("to", "must be after `from`"));
        }
        if self.order_id.is_some() && !period.is_unlimited() {
            return Err(ApiError::field("orderId", "must be absent with `from` or `to`"));
        }
        let descending = self.sort == TimeSort::CreatedDesc;
        Ok(EntryQuery { market, order: self.order_id, period, descending })
    }
}

impl From<JournalEntry> for EntryBody {
    fn from(entry: JournalEntry) -> Self {
        let postings = entry.postings.iter().map(|posting| PostingBody {
            account: posting.account,
            amount: SignedMoney { amount: posting.amount, currency: posting.currency },
        });
        Self {
            id: entry.id,
            order_id: entry.id.order_id,
            postings: postings.collect(),
            earned_at: entry.earned_at,
            created_at: entry.created_at,
        }
    }
}
