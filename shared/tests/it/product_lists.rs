//! Lists of products: the limits of what is sorted in memory.

use shared::domain::product::{Product, ProductEvent};
use shared::domain::values::money::Amount;
use shared::kit::command::Change;
use shared::kit::command::page::PageRequest;
use shared::projections::name_index::index_name::IndexName;
use shared::repository::product::ProductReader;
use shared::repository::product::list::{
    MAX_PRODUCT_MATCHES, PriceRange, ProductList, ProductSort, ProductSortKey,
};
use shared::repository::table_layout::sorted_list::{ListError, MAX_MATCHES};
use test_support::Marketplace;
use test_support::fixture::{MARKET, PRODUCT, id, new_id, products_of};

const FIRST_PAGE: PageRequest = PageRequest::first(10);

/// Stores copies of the sample product, without applying domain rules.
async fn put_copies(marketplace: &Marketplace, count: usize) -> Vec<Product> {
    let product = marketplace.reader.product(id(PRODUCT)).await.unwrap().unwrap().product;
    let copies: Vec<Product> = (0..count).map(|_| Product { id: new_id(), ..product.clone() }).collect();
    for copies in copies.chunks(45) {
        let save = |change: Change<(), _>, product: &Product| {
            let (product_id, market_id) = (product.id, product.market_id);
            change.save(product, ProductEvent::Changed { product_id, market_id })
        };
        marketplace.write(|_| copies.iter().fold(Change::of(()), save)).await;
    }
    copies
}

#[tokio::test]
async fn range_of_prices_is_sorted_by_time_up_to_the_limit() {
    let marketplace = Marketplace::with_sample_data().await;
    put_copies(&marketplace, MAX_MATCHES - 1).await;
    let prices = PriceRange { min: Some(Amount::try_from(1).unwrap()), max: None };
    let by_time = ProductList { prices, ..products_of(id(MARKET)) };
    let page = marketplace.reader.products(&by_time, &FIRST_PAGE).await.unwrap();
    assert_eq!((page.items.len(), page.total), (10, Some(1_000)));
    put_copies(&marketplace, 1).await;
    let refused = marketplace.reader.products(&by_time, &FIRST_PAGE).await;
    assert!(matches!(refused, Err(ListError::TooManyInRange)), "{refused:?}");
    let sort = ProductSort { by: ProductSortKey::Price, descending: false };
    let by_price = ProductList { sort, ..by_time };
    let page = marketplace.reader.products(&by_price, &FIRST_PAGE).await.unwrap();
    assert_eq!((page.items.len(), page.total), (10, Some(1_001)));
}

#[tokio::test]
async fn search_of_products_has_a_maximum_of_matches() {
    let marketplace = Marketplace::with_sample_data().await;
    for product in put_copies(&marketplace, MAX_PRODUCT_MATCHES + 1).await {
        marketplace.run(IndexName::update(product.id)).await;
    }
    let search = ProductList { search: Some("mug".parse().unwrap()), ..products_of(id(MARKET)) };
    let refused = marketplace.reader.products(&search, &FIRST_PAGE).await;
    assert!(matches!(refused, Err(ListError::TooManyMatches)), "{refused:?}");
}
