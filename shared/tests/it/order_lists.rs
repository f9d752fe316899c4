//! Lists of orders: the limit of sorting by total.

use shared::domain::order::{Order, OrderEvent, OrderStatus};
use shared::domain::values::period::Period;
use shared::kit::command::Change;
use shared::kit::command::page::PageRequest;
use shared::repository::order::{OrderList, OrderQuery, OrderSort};
use shared::repository::table_layout::sorted_list::{ListError, MAX_MATCHES};
use test_support::Marketplace;
use test_support::fixture::{buyer, new_id};

/// Stores orders without applying domain rules.
async fn put_orders(marketplace: &Marketplace, orders: &[Order]) {
    let save = |change: Change<(), _>, order: &Order| change.save(order, OrderEvent::Created(order.into()));
    marketplace.write(|_| orders.iter().fold(Change::of(()), save)).await;
}

#[tokio::test]
async fn orders_are_sorted_by_total_up_to_the_limit() {
    let marketplace = Marketplace::with_sample_data().await;
    let first = marketplace.order(None).await;
    let query = OrderQuery {
        list: OrderList::OfBuyer(buyer().user),
        status: None,
        period: Period::default(),
        sort: OrderSort::Total { descending: false },
    };
    let orders: Vec<Order> = (1..MAX_MATCHES).map(|_| Order { id: new_id(), ..first.clone() }).collect();
    for orders in orders.chunks(45) {
        put_orders(&marketplace, orders).await;
    }
    let page = marketplace.reader.orders(&query, &PageRequest::first(10)).await.unwrap();
    assert_eq!((page.items.len(), page.total), (10, Some(1_000)));
    put_orders(&marketplace, &[Order { id: new_id(), ..first }]).await;
    let refused = marketplace.reader.orders(&query, &PageRequest::first(10)).await;
    assert!(matches!(refused, Err(ListError::TooManyToSort)), "{refused:?}");
    let cancelled = OrderQuery { status: Some(OrderStatus::Cancelled), ..query };
    let page = marketplace.reader.orders(&cancelled, &PageRequest::first(10)).await.unwrap();
    assert_eq!(page.total, Some(0));
}
