//! Checks the capacity units documented in `docs/data-model.md` that the indexes of summaries save, compared
//! with a table whose indexes contain whole entities. To print them:
//! `cargo nextest run --workspace --no-capture -E 'test(summaries_save)'`.

use aws_sdk_dynamodb::Client;
use regex::Regex;
use shared::domain::job::{Job, JobEvent, JobId, JobOutput, JobStatus};
use shared::domain::market::create::InitialStatus;
use shared::domain::market::settings::tax::TaxClass;
use shared::domain::market::update::{MarketChanges, UpdateMarket};
use shared::domain::market::{MarketId, MarketStatus};
use shared::domain::order::cancel::CancelOrder;
use shared::domain::order::lines::cart::{Cart, CartItem};
use shared::domain::order::place::PlaceOrder;
use shared::domain::order::{Order, OrderEvent, OrderId};
use shared::domain::product::ProductId;
use shared::domain::product::create::{CreateProduct, NewProduct};
use shared::domain::product::update::{ProductChanges, UpdateProduct};
use shared::domain::user::{Role, User, UserEvent, UserStatus};
use shared::domain::values::money::Quantity;
use shared::domain::values::period::Period;
use shared::domain::values::text::Description;
use shared::kit::aws::dynamodb::{DynamoReader, DynamoStore, Table};
use shared::kit::command::page::PageRequest;
use shared::kit::system::clock::{Clock, SystemClock};
use shared::repository::job::JobList;
use shared::repository::market::{MarketList, MarketReader, MarketSortOrder};
use shared::repository::order::{OrderList, OrderQuery, OrderSort};
use shared::repository::product::ProductReader;
use shared::repository::table_layout::sorted_list::{SortKey, SortOrder};
use shared::repository::user::list::UserList;
use test_support::capacity_meter::CapacityMeter;
use test_support::fixture::{MARKET, actor, buyer, cents, new_id, products_of, sales_report, seller};
use test_support::sdk_config::config;
use test_support::{Marketplace, TestTable, workspace};

/// Newest first.
const NEWEST: SortOrder = SortOrder { by: SortKey::CreatedAt, descending: true };
/// First page of twenty items.
const FIRST_PAGE: PageRequest = PageRequest::first(20);

/// Table with a meter.
struct Fixture {
    marketplace: Marketplace,
    meter: CapacityMeter,
    /// Operation, units.
    measured: Vec<(&'static str, f64)>,
}

impl Fixture {
    /// Fixture with the template's table.
    async fn with_summaries() -> Self {
        Self::on(TestTable::open().await)
    }

    /// Fixture with a table whose indexes contain whole entities.
    async fn with_whole_entities() -> Self {
        let template = std::fs::read_to_string(workspace("template.yaml")).unwrap();
        let summaries = Regex::new(r"ProjectionType: INCLUDE, NonKeyAttributes: \[[^\]]*\]").unwrap();
        assert_eq!(summaries.find_iter(&template).count(), 3);
        let file = concat!(env!("CARGO_TARGET_TMPDIR"), "/whole-entities.yaml");
        std::fs::write(file, summaries.replace_all(&template, "ProjectionType: ALL").as_bytes()).unwrap();
        Self::on(TestTable::of_template(file.into()).await)
    }

    fn on(table: TestTable) -> Self {
        let meter = CapacityMeter::default();
        let sdk = config(&table.stack().dynamodb_endpoint()).interceptor(meter.clone()).build();
        let metered = Table::new(Client::from_conf(sdk), &table.name());
        let mut marketplace = Marketplace::on(table);
        marketplace.store = DynamoStore::new(metered.clone());
        marketplace.reader = DynamoReader::new(metered);
        Self { marketplace, meter, measured: Vec::new() }
    }

    /// Records the read units of the queries since the last call.
    fn record_queries(&mut self, operation: &'static str) {
        let requests = self.meter.requests().into_iter().filter(|request| request.operation == "Query");
        self.measured.push((operation, requests.map(|request| request.units).sum()));
    }

    /// Records the write units since the last call.
    fn record_writes(&mut self, operation: &'static str) {
        let requests = self.meter.requests();
        self.measured.push((operation, requests.iter().map(|request| request.write_units).sum()));
    }

    async fn change(&self, id: MarketId, changes: MarketChanges) {
        let (by, may_suspend, creator_is_inactive, expected) = (seller(), false, false, None);
        let update = UpdateMarket { id, by, may_suspend, creator_is_inactive, changes, expected };
        self.marketplace.run(update).await;
    }

    async fn markets(&mut self) {
        let description = MarketChanges { description: Some(Some(long_text())), ..MarketChanges::default() };
        let ids: Vec<MarketId> = (0..20).map(|_| new_id()).collect();
        for id in &ids {
            self.marketplace.market(&id.to_string(), seller(), InitialStatus::Active).await;
            self.change(*id, description.clone()).await;
        }
        self.meter.restart();
        let order = MarketSortOrder::By(NEWEST);
        let list = MarketList { status: MarketStatus::Active, search: None, order };
        let page = self.marketplace.reader.markets(&list, &FIRST_PAGE).await.unwrap();
        assert_eq!(page.items.len(), 20);
        self.record_queries("query of 20 markets, each with a description of 5,000 characters");
        let shorter = Some(Some("Hand-thrown stoneware.".parse().unwrap()));
        self.change(ids[0], MarketChanges { description: shorter, ..MarketChanges::default() }).await;
        self.record_writes("change of the description of a market");
        let name = Some("Plates and more".parse().unwrap());
        self.change(ids[0], MarketChanges { name, ..MarketChanges::default() }).await;
        self.record_writes("change of the name of a market");
    }

    async fn products(&mut self) {
        let market_id = new_id();
        self.marketplace.market(&market_id.to_string(), seller(), InitialStatus::Active).await;
        let products: Vec<ProductId> = (0..20).map(|_| new_id()).collect();
        for (n, id) in products.iter().enumerate() {
            let mut product = mug(*id, &format!("MUG-{n}"));
            product.description = Some(long_text());
            self.marketplace.run(CreateProduct { market_id, by: seller(), product }).await;
        }
        self.meter.restart();
        let page = self.marketplace.reader.products(&products_of(market_id), &FIRST_PAGE).await.unwrap();
        assert_eq!(page.items.len(), 20);
        self.record_queries("query of 20 products, each with a description of 5,000 characters");
        let (id, by) = (products[0], seller());
        let description = Some(Some("Hand-thrown stoneware.".parse().unwrap()));
        let changes = ProductChanges { description, ..ProductChanges::default() };
        self.marketplace.run(UpdateProduct { id, by, expected: None, changes }).await;
        self.record_writes("change of the description of a product");
        let changes = ProductChanges { price: Some(cents(500)), ..ProductChanges::default() };
        self.marketplace.run(UpdateProduct { id, by, expected: None, changes }).await;
        self.record_writes("change of the price of a product");
    }

    async fn orders(&mut self) {
        let market_id = new_id();
        self.marketplace.market(&market_id.to_string(), seller(), InitialStatus::Active).await;
        let mut items = Vec::new();
        for n in 0..5 {
            let product = mug(new_id(), &format!("MUG-{n}"));
            let (product_id, quantity) = (product.id, Quantity::try_from(1).unwrap());
            items.push(CartItem { product_id, quantity, expected_price: None });
            self.marketplace.run(CreateProduct { market_id, by: seller(), product }).await;
        }
        let orders: Vec<OrderId> = (0..20).map(|_| new_id()).collect();
        for id in &orders {
            let cart = Cart::new(Some(market_id), items.clone());
            self.marketplace.run(PlaceOrder::new(*id, buyer(), cart, None)).await;
        }
        self.meter.restart();
        let sort = OrderSort::CreatedAt { descending: true };
        let (list, period) = (OrderList::OfBuyer(buyer().user), Period::default());
        let bought = OrderQuery { list, status: None, period, sort };
        let page = self.marketplace.reader.orders(&bought, &FIRST_PAGE).await.unwrap();
        assert_eq!(page.items.len(), 20);
        self.record_queries("query of 20 orders of a buyer, each of five products");
        let order = self.marketplace.reader.order(orders[0]).await.unwrap().unwrap();
        self.meter.restart();
        let event = OrderEvent::Created((&order).into());
        let (version, resumed_at) = (order.version.next(), Some(SystemClock.now()));
        self.marketplace.put_entity(Order { version, resumed_at, ..order }, event).await;
        self.record_writes("step of an order without a new status");
        self.marketplace.run(CancelOrder { id: orders[1], by: buyer(), reason: None }).await;
        self.record_writes("cancellation of an order");
    }

    async fn accounts(&mut self) {
        let mut newest = None;
        for n in 0..20 {
            let id = new_id::<User>().to_string();
            newest = Some(self.marketplace.user(actor(&id, Role::User), &format!("person{n}")).await);
        }
        self.meter.restart();
        let (status, role) = (Some(UserStatus::Active), Some(Role::User));
        let list = UserList { status, role, search: None, order: NEWEST };
        let page = self.marketplace.reader.users(&list, &FIRST_PAGE).await.unwrap();
        assert_eq!(page.items.len(), 20);
        self.record_queries("query of 20 accounts");
        let user = newest.unwrap();
        let event = UserEvent::Changed { user_id: user.id };
        let (session_epoch, version) = (user.session_epoch.next(), user.version.next());
        self.marketplace.put_entity(User { session_epoch, version, ..user }, event).await;
        self.record_writes("end of all sessions of an account");
    }

    async fn jobs(&mut self) {
        self.marketplace.market(MARKET, seller(), InitialStatus::Active).await;
        let jobs: Vec<JobId> = (0..20).map(|_| new_id()).collect();
        for id in &jobs {
            self.marketplace.run(sales_report(*id)).await;
        }
        self.meter.restart();
        let list = JobList { owner: seller().user, status: None, descending: true };
        let page = self.marketplace.reader.jobs(list, SystemClock.now(), &FIRST_PAGE).await.unwrap();
        assert_eq!(page.items.len(), 20);
        self.record_queries("query of 20 jobs");
        let job = self.marketplace.reader.job(jobs[0], SystemClock.now()).await.unwrap().unwrap();
        let running = Job { status: JobStatus::Running, version: job.version.next(), ..job };
        self.marketplace.put_entity(running.clone(), JobEvent::Advanced).await;
        self.meter.restart();
        let output = JobOutput { rows: 100, bytes: 10_000, chunks: 1, cursor: None };
        let advanced = Job { output, version: running.version.next(), ..running };
        self.marketplace.put_entity(advanced, JobEvent::Advanced).await;
        self.record_writes("commit of a page of a job");
    }

    async fn measure(mut self) -> Vec<(&'static str, f64)> {
        self.markets().await;
        self.accounts().await;
        self.jobs().await;
        self.products().await;
        self.orders().await;
        self.measured
    }
}

/// Description of 5,000 characters.
fn long_text() -> Description {
    "long ".repeat(1_000).trim_end().parse().unwrap()
}

fn mug(id: ProductId, sku: &str) -> NewProduct {
    NewProduct {
        id,
        sku: sku.parse().unwrap(),
        title: "Mug, hand-thrown, of blue stoneware".parse().unwrap(),
        description: None,
        price: cents(1_999),
        tax_class: TaxClass::Standard,
        requires_shipping: true,
        stock: 100,
    }
}

#[tokio::test]
async fn summaries_save_the_documented_units() {
    let whole = Box::pin(Fixture::with_whole_entities().await.measure()).await;
    let summaries = Box::pin(Fixture::with_summaries().await.measure()).await;
    let text = std::fs::read_to_string(workspace("docs/data-model.md")).unwrap();
    let pairs = whole.into_iter().zip(summaries);
    let rows = pairs.map(|((operation, before), (_, after))| format!("| {operation} | {before} | {after} |"));
    let rows = rows.collect::<Vec<_>>().join("\n");
    println!("{rows}");
    assert!(text.contains(&rows), "not documented:\n{rows}");
}
