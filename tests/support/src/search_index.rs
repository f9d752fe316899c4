//! Direct updates of the search index and of the index of names.

use shared::domain::market::MarketStatus;
use shared::kit::command::Store;
use shared::kit::command::page::PageRequest;
use shared::kit::system::clock::{Clock, SystemClock};
use shared::projections::name_index::index_name::IndexName;
use shared::projections::search_index::DocumentId;
use shared::projections::search_index::update_index::IndexDocument;
use shared::repository::market::{MarketList, MarketReader, MarketSortOrder};
use shared::repository::product::ProductReader;
use shared::repository::table_layout::sorted_list::{SortKey, SortOrder};
use shared::repository::user::list::UserList;
use shared::search::{Embedder, index_document};
use strum::VariantArray as _;

use crate::Marketplace;
use crate::fixture::{products_of, test_context};

/// Indexes the current state of a document, as the consumer of its event does.
///
/// # Panics
/// If the update fails.
pub async fn index(store: &impl Store, embedder: &impl Embedder, id: DocumentId) {
    let update = IndexDocument::update(id, embedder.name());
    let context = test_context(SystemClock.now());
    index_document(store, embedder, update, &context).await.expect("the document is indexed");
}

/// Indexes the current names of all markets and accounts and titles of all products, as the consumer of their
/// events does.
///
/// # Panics
/// If a list cannot be read or an update fails.
pub async fn index_names(marketplace: &Marketplace) {
    let (by, all) = (SortOrder { by: SortKey::CreatedAt, descending: false }, PageRequest::first(10_000));
    let users = UserList { status: None, role: None, search: None, order: by };
    for user in marketplace.reader.users(&users, &all).await.expect("the accounts are listed").items {
        marketplace.run(IndexName::update(user.id)).await;
    }
    for status in MarketStatus::VARIANTS {
        let markets = MarketList { status: *status, search: None, order: MarketSortOrder::By(by) };
        for market in marketplace.reader.markets(&markets, &all).await.expect("the markets are listed").items
        {
            marketplace.run(IndexName::update(market.market.id)).await;
            let products = marketplace.reader.products(&products_of(market.market.id), &all).await;
            for product in products.expect("the products are listed").items {
                marketplace.run(IndexName::update(product.product.id)).await;
            }
        }
    }
}
