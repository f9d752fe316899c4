//! Lists of orders: the limit of sorting by total.

use std::convert::Infallible;

use shared::domain::order::{Order, OrderEvent, OrderStatus};
use shared::domain::values::period::Period;
use shared::kit::command::page::PageRequest;
use shared::kit::command::{Change, Command, ReadSet};
use shared::kit::system::clock::Timestamp;
use shared::repository::order::{OrderList, OrderQuery, OrderSort};
use shared::repository::table_layout::sorted_list::{ListError, MAX_MATCHES};
use test_support::Marketplace;
use test_support::fixture::{buyer, new_id};

/// Stores orders without applying domain rules.
struct PutOrders(Vec<Order>);

impl Command for PutOrders {
    type State = ();
    type Output = ();
    type Error = Infallible;

    fn reads(&self) -> ReadSet<()> {
        ReadSet::empty()
    }

    fn decide(&self, (): (), _: Timestamp) -> Result<Change<(), Infallible>, Infallible> {
        let event = |order: &Order| OrderEvent::Created(order.into());
        Ok(self.0.iter().fold(Change::of(()), |change, order| change.save(order, event(order))))
    }
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
        marketplace.run(PutOrders(orders.to_vec())).await;
    }
    let page = marketplace.reader.orders(&query, &PageRequest::first(10)).await.unwrap();
    assert_eq!((page.items.len(), page.total), (10, Some(1_000)));
    marketplace.run(PutOrders(vec![Order { id: new_id(), ..first }])).await;
    let refused = marketplace.reader.orders(&query, &PageRequest::first(10)).await;
    assert!(matches!(refused, Err(ListError::TooManyToSort)), "{refused:?}");
    let cancelled = OrderQuery { status: Some(OrderStatus::Cancelled), ..query };
    let page = marketplace.reader.orders(&cancelled, &PageRequest::first(10)).await.unwrap();
    assert_eq!(page.total, Some(0));
}
