//! Checks the read costs documented in `docs/data-model.md`, measured on the embedded table. To print them:
//! `cargo nextest run --workspace --no-capture -E 'test(read_costs)'`.

use std::convert::Infallible;

use shared::domain::job::JobStatus;
use shared::domain::job::job_type::SalesReport;
use shared::domain::market::create::InitialStatus;
use shared::domain::market::{MarketId, MarketStatus};
use shared::domain::order::cancel::CancelOrder;
use shared::domain::order::lines::cart::{Cart, CartItem};
use shared::domain::order::place::PlaceOrder;
use shared::domain::order::{OrderId, OrderStatus};
use shared::domain::product::{Product, ProductStatus};
use shared::domain::user::{Role, UserId};
use shared::domain::values::date::Date;
use shared::domain::values::money::{Amount, Quantity};
use shared::domain::values::period::Period;
use shared::kit::aws::dynamodb::schema::OUTBOX_SHARDS;
use shared::kit::aws::dynamodb::write::outbox::Outbox;
use shared::kit::aws::dynamodb::{DynamoReader, DynamoStore};
use shared::kit::command::page::{PageRequest, Start};
use shared::kit::command::{Change, Store};
use shared::kit::system::clock::{Clock, SystemClock, Timestamp};
use shared::projections::daily_sales::{DailySales, DailySalesKey};
use shared::projections::search_index::DocumentId;
use shared::projections::tally::count::CountEntities;
use shared::repository::job::JobList;
use shared::repository::market::{MarketList, MarketReader, MarketSortOrder};
use shared::repository::order::{OrderList, OrderQuery, OrderSort};
use shared::repository::product::ProductReader;
use shared::repository::product::list::{PriceRange, ProductList, ProductSort, ProductSortKey};
use shared::repository::projections::daily_sales::SalesReader;
use shared::repository::projections::list_total::TotalReader;
use shared::repository::table_layout::due_list::DueRequest;
use shared::repository::table_layout::partitions::{DUE_JOB_SHARDS, EXPIRY_SHARDS};
use shared::repository::table_layout::sorted_list::{SortKey, SortOrder};
use shared::repository::user::UserReader;
use shared::repository::user::list::UserList;
use shared::repository::user::profile::ProfileReader;
use shared::search::{HashingEmbedder, Search, SearchQuery, Searcher};
use test_support::Marketplace;
use test_support::capacity_meter::CapacityMeter;
use test_support::fixture::{
    BUYER, MARKET, ORDER, PRODUCT, actor, buyer, id, new_id, products_of, sales_report, seller, test_context,
};
use test_support::search_index::{index, index_names};

use crate::fixture::idempotent;

/// First page of twenty items.
const FIRST_PAGE: PageRequest = PageRequest::first(20);
/// Sixth page of twenty items, by offset.
const SIXTH_PAGE: PageRequest = PageRequest { limit: 20, start: Start::Offset(100) };

/// Metered table with 150 markets, products, orders and accounts.
struct Fixture {
    marketplace: Marketplace,
    meter: CapacityMeter,
    reader: DynamoReader,
    store: DynamoStore,
    /// Access pattern, requests, read units.
    measured: Vec<(&'static str, usize, f64)>,
}

impl Fixture {
    async fn filled() -> Self {
        let marketplace = Marketplace::with_sample_data().await;
        marketplace.order(None).await;
        let mut market_ids = vec![id(MARKET)];
        for n in 0..150 {
            let person: UserId = new_id();
            marketplace.user(actor(&person.to_string(), Role::User), &format!("person{n:04}")).await;
            let market: MarketId = new_id();
            market_ids.push(market);
            marketplace
                .market(&market.to_string(), actor(&person.to_string(), Role::User), InitialStatus::Active)
                .await;
            let product = new_id::<Product>().to_string();
            marketplace.product(&product, MARKET, seller(), &format!("CUP-{n:04}"), 500, 10).await;
            let order = new_id();
            marketplace.order_of(order, id(&product), 1, None).await;
            if n % 10 == 0 {
                marketplace.run(CancelOrder { id: order, by: buyer(), reason: None }).await;
            }
        }
        for markets in market_ids.chunks(10) {
            let mut count = CountEntities::default();
            for market in markets {
                count.market(*market);
            }
            marketplace.run(count).await;
        }
        marketplace.write(last_month_of_sales).await;
        index_names(&marketplace).await;
        let meter = CapacityMeter::default();
        let table = meter.on(&marketplace.table);
        let (reader, store) = (DynamoReader::new(table.clone()), DynamoStore::new(table));
        Self { marketplace, meter, reader, store, measured: Vec::new() }
    }

    /// Records the requests since the last call under an access pattern.
    fn record(&mut self, pattern: &'static str) {
        let requests = self.meter.requests();
        self.measured.push((pattern, requests.len(), requests.iter().map(|request| request.units).sum()));
    }

    async fn single_entities(&mut self) {
        self.reader.market(id(MARKET)).await.unwrap().unwrap();
        self.record("one market, order, payment");
        self.reader.user(id(BUYER)).await.unwrap().unwrap();
        self.record("one account, as of now");
        self.reader.product(id(PRODUCT)).await.unwrap().unwrap();
        self.record("a product with its stock");
        self.reader.account_by_email(&"buyer@example.com".parse().unwrap()).await.unwrap().unwrap();
        self.record("an account by its address");
    }

    async fn markets(&mut self) {
        let order = MarketSortOrder::By(SortOrder { by: SortKey::CreatedAt, descending: true });
        let mut list = MarketList { status: MarketStatus::Active, search: None, order };
        let page = self.reader.markets(&list, &FIRST_PAGE).await.unwrap();
        self.reader.total(&list.totals()).await.unwrap();
        self.record("markets of a status, by time or name");
        self.reader.markets(&list, &SIXTH_PAGE).await.unwrap();
        self.reader.total(&list.totals()).await.unwrap();
        self.record("the sixth page of them");
        let creators: Vec<UserId> = page.items.iter().map(|found| found.market.creator_id).collect();
        assert_eq!(self.reader.profiles(&creators).await.unwrap().len(), 20);
        self.record("the creators of a page of markets");
        list.search = Some("mugs".parse().unwrap());
        assert_eq!(self.reader.markets(&list, &FIRST_PAGE).await.unwrap().total, Some(151));
        self.reader.total(&list.totals()).await.unwrap();
        self.record("markets by a word of the name, 151 matches");
    }

    async fn searches(&mut self) {
        let store = &self.marketplace.store;
        let order = MarketSortOrder::By(SortOrder { by: SortKey::CreatedAt, descending: true });
        let list = MarketList { status: MarketStatus::Active, search: None, order };
        let all = PageRequest::first(1_000);
        for found in self.marketplace.reader.markets(&list, &all).await.unwrap().items {
            index(store, &HashingEmbedder, DocumentId::Market(found.market.id)).await;
        }
        for found in self.marketplace.reader.products(&products_of(id(MARKET)), &all).await.unwrap().items {
            index(store, &HashingEmbedder, DocumentId::Product(found.product.id)).await;
        }
        self.meter.restart();
        let search = Search::new(self.reader.clone(), HashingEmbedder);
        let query = SearchQuery { text: "mug".parse().unwrap(), kind: None, limit: 20 };
        assert_eq!(search.search(&query).await.unwrap().len(), 20);
        self.record("search for a word that 151 products and 151 markets have");
    }

    async fn sales(&mut self) {
        self.reader.market_with_volume(id(MARKET)).await.unwrap().unwrap();
        self.record("a market with its volume");
        let order = MarketSortOrder::Volume { descending: true };
        let list = MarketList { status: MarketStatus::Active, search: None, order };
        self.reader.markets(&list, &FIRST_PAGE).await.unwrap();
        self.reader.total(&list.totals()).await.unwrap();
        self.record("markets of a status, by volume");
        let today = Date::of(SystemClock.now());
        self.reader.sales(id(MARKET), today.days_before(29), today).await.unwrap();
        self.record("sales of a market on 30 days");
    }

    async fn products_and_orders(&mut self) {
        self.products().await;
        let sort = OrderSort::CreatedAt { descending: true };
        let (list, period) = (OrderList::OfBuyer(buyer().user), Period::default());
        let bought = OrderQuery { list, status: None, period, sort };
        self.reader.orders(&bought, &FIRST_PAGE).await.unwrap();
        self.record("orders of a buyer");
        let sold = OrderQuery { list: OrderList::InMarket(id(MARKET)), ..bought };
        self.reader.orders(&sold, &FIRST_PAGE).await.unwrap();
        self.record("orders of a market");
        let status = Some(OrderStatus::Cancelled);
        let cancelled = OrderQuery { status, ..bought };
        let page = self.reader.orders(&cancelled, &PageRequest::first(10)).await.unwrap();
        assert_eq!(page.items.len(), 10);
        self.record("10 of them of a status that every tenth has");
        let sort = OrderSort::Total { descending: true };
        assert_eq!(
            self.reader.orders(&OrderQuery { sort, ..bought }, &FIRST_PAGE).await.unwrap().items.len(),
            20
        );
        self.record("orders of a buyer by total, 151 matches");
    }

    async fn products(&mut self) {
        let list = products_of(id(MARKET));
        self.reader.products(&list, &FIRST_PAGE).await.unwrap();
        self.reader.total(&list.totals()).await.unwrap();
        self.record("products of a market, by time, price or title");
        let active = ProductList { status: Some(ProductStatus::Active), ..list.clone() };
        self.reader.products(&active, &SIXTH_PAGE).await.unwrap();
        self.reader.total(&active.totals()).await.unwrap();
        self.record("the sixth page of those of a status");
        let min = Some(Amount::try_from(500).unwrap());
        let prices = PriceRange { min, max: min };
        let sort = ProductSort { by: ProductSortKey::Price, descending: false };
        let cheap = ProductList { prices, sort, ..list.clone() };
        assert_eq!(self.reader.products(&cheap, &FIRST_PAGE).await.unwrap().total, Some(150));
        self.record("products in a range of prices, 150 matches, by price");
        let cheap = ProductList { prices, ..list.clone() };
        assert_eq!(self.reader.products(&cheap, &FIRST_PAGE).await.unwrap().total, Some(150));
        self.record("the same by time or title");
        let mugs = ProductList { search: Some("mug".parse().unwrap()), ..list };
        assert_eq!(self.reader.products(&mugs, &FIRST_PAGE).await.unwrap().total, Some(151));
        self.record("products by a word of the title, 151 matches");
    }

    async fn accounts(&mut self) {
        let order = SortOrder { by: SortKey::Name, descending: false };
        let list = UserList { status: None, role: None, search: None, order };
        self.reader.users(&list, &FIRST_PAGE).await.unwrap();
        self.reader.total(&list.totals()).await.unwrap();
        self.record("accounts by role, status, name");
        self.reader.users(&list, &SIXTH_PAGE).await.unwrap();
        self.reader.total(&list.totals()).await.unwrap();
        self.record("the sixth page of all accounts");
        let search = UserList { search: Some("person000".parse().unwrap()), ..list };
        assert_eq!(self.reader.users(&search, &FIRST_PAGE).await.unwrap().total, Some(10));
        self.record("accounts by a word of the name or by address, 10 matches");
    }

    async fn sweeps(&mut self) {
        let now = SystemClock.now();
        for shard in 0..EXPIRY_SHARDS {
            self.reader.expiring(DueRequest::first(shard, now, 100)).await.unwrap();
        }
        self.record("orders to expire, none due");
        for shard in 0..EXPIRY_SHARDS {
            self.reader.unfinished_orders(DueRequest::first(shard, now, 100)).await.unwrap();
        }
        self.record("unfinished orders to examine, none due");
        let outbox = Outbox::new(self.meter.on(&self.marketplace.table));
        for shard in 0..OUTBOX_SHARDS {
            let missed_before = now.saturating_sub(std::time::Duration::from_mins(1));
            outbox.overdue(shard, missed_before, None, 100).await.unwrap();
        }
        self.record("events missed by the stream, none found");
    }

    async fn jobs(&mut self) {
        let now = SystemClock.now();
        for _ in 0..150 {
            self.marketplace.run(sales_report(new_id())).await;
        }
        self.meter.restart();
        let list = JobList { owner: seller().user, status: Some(JobStatus::Queued), descending: true };
        assert_eq!(self.reader.jobs(list, now, &FIRST_PAGE).await.unwrap().items.len(), 20);
        assert_eq!(self.reader.count_jobs(list, now).await.unwrap(), 150);
        self.record("jobs of a user, of one or of any status");
        for shard in 0..DUE_JOB_SHARDS {
            self.reader.due_jobs(DueRequest::first(shard, now, 100)).await.unwrap();
        }
        self.record("scheduled jobs, none due");
        for shard in 0..DUE_JOB_SHARDS {
            self.reader.unfinished_jobs(DueRequest::first(shard, now, 100)).await.unwrap();
        }
        self.record("unfinished jobs to examine, none due");
        let report = SalesReport { market_id: id(MARKET), from: None, to: SystemClock.now() };
        assert_eq!(self.reader.report_orders(&report, None, 20).await.unwrap().orders.len(), 20);
        self.record("a page of a sales report");
    }

    async fn commands(&mut self) {
        let quantity = Quantity::try_from(1).unwrap();
        let items = vec![CartItem { product_id: id(PRODUCT), quantity, expected_price: None }];
        let placed: OrderId = new_id();
        let place = PlaceOrder::new(placed, buyer(), Cart::new(Some(id(MARKET)), items), None);
        self.store.execute(place, &idempotent("orders k1", "fingerprint")).await.unwrap();
        self.record("placing an order of one product");
        let cancel = CancelOrder { id: id(ORDER), by: buyer(), reason: None };
        self.store.execute(cancel, &test_context(SystemClock.now())).await.unwrap();
        self.record("a command on known keys: cancelling an order");
    }
}

/// Sales of the market for each of the last 30 days.
fn last_month_of_sales(now: Timestamp) -> Change<(), Infallible> {
    let days = (0..30).map(|days| Date::of(now).days_before(days));
    days.fold(Change::of(()), |change, date| {
        let sold = DailySales { date, orders: 3, volume: 5_997, refunded: 1_999 };
        change.overwrite(&DailySalesKey { market_id: id(MARKET), day: date }, &sold)
    })
}

/// Returns the documented requests and read units of a pattern.
fn documented(text: &str, pattern: &str) -> Option<(usize, f64)> {
    let row = text.lines().find(|line| line.starts_with(&format!("| {pattern} |")))?;
    let mut cells = row.trim_matches('|').split('|').skip(2).map(str::trim);
    Some((cells.next()?.parse().ok()?, cells.next()?.parse().ok()?))
}

#[tokio::test]
async fn read_costs_match_the_documentation() {
    let mut fixture = Fixture::filled().await;
    fixture.single_entities().await;
    fixture.markets().await;
    fixture.sales().await;
    fixture.products_and_orders().await;
    fixture.accounts().await;
    fixture.sweeps().await;
    fixture.searches().await;
    fixture.jobs().await;
    fixture.commands().await;
    let text = std::fs::read_to_string(test_support::workspace("docs/data-model.md")).unwrap();
    for (pattern, requests, units) in &fixture.measured {
        println!("{pattern}: {requests} requests, {units} read units");
    }
    for (pattern, requests, units) in fixture.measured {
        // Each query of a list rounds up to half a unit, and random ids decide which items share a shard.
        let tolerance = if requests > 1 { 0.5 } else { 0.0 };
        let (documented_requests, documented_units) = documented(&text, pattern).unwrap_or_default();
        let is_close = (documented_units - units).abs() <= tolerance;
        assert!(documented_requests == requests && is_close, "{pattern}: {requests} requests, {units} units");
    }
}
