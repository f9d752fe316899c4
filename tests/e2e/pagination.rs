//! Pagination by page number, offset and cursor, with sparse fields and included resources.

use http::{Method, StatusCode};
use local::faults::{Fault, FaultBody, Rule, Service};
use serde_json::{Value, json};
use shared::domain::market::Market;
use shared::domain::market::create::{CreateMarket, InitialStatus};
use shared::domain::user::register::RegisterUser;
use shared::domain::user::{Credentials, Role, User};
use shared::domain::values::actor::Actor;
use shared::kit::aws::dynamodb::{DynamoStore, Table};
use shared::kit::command::{Command, Record, Store};
use shared::kit::system::clock::{Clock, SystemClock};
use test_support::TestApp;
use test_support::fixture::{actor, new_id, test_context};

const FUNCTION: &str = "api-markets";

/// A running stack with direct access to its table.
struct Fixture {
    app: TestApp,
    store: DynamoStore,
}

impl Fixture {
    async fn open() -> Self {
        let app = TestApp::start().await;
        let table = app.stack().table_name("Table").unwrap();
        let store = DynamoStore::new(Table::new(app.dynamodb(), table));
        Self { app, store }
    }

    async fn run<C: Command>(&self, command: C) -> C::Output {
        self.store.execute(command, &test_context(SystemClock.now())).await.unwrap().into_output()
    }

    async fn user(&self, name: &str) -> Actor {
        let user = actor(&new_id::<User>().to_string(), Role::User);
        let (email, name) = (format!("{name}@example.com").parse().unwrap(), name.parse().unwrap());
        let credentials = Credentials { password_hash: String::new() };
        self.run(RegisterUser { id: user.user, email, name, role: user.role, credentials }).await;
        user
    }

    async fn market(&self, name: &str, by: Actor) -> Market {
        let (id, currency, name) = (new_id(), "EUR".parse().unwrap(), name.parse().unwrap());
        let (description, status, products) = (None, InitialStatus::Active, Vec::new());
        self.run(CreateMarket { id, by, name, description, currency, status, products }).await
    }

    async fn list(&self, query: &str) -> Value {
        let response = self.app.request(Method::GET, &format!("/v1/markets?{query}")).send().await;
        assert_eq!(response.status, StatusCode::OK, "{query}: {}", response.text);
        response.json()
    }

    /// Operations of the function's table requests since the last call.
    fn take_requests(&self) -> Vec<String> {
        let calls = self.app.stack().faults().calls_of(FUNCTION).into_iter();
        let reads = calls.filter(|call| call.service == Service::DynamoDb && call.operation != "UpdateItem");
        let operations = reads.map(|call| call.operation).collect();
        self.app.stack().faults().clear_calls();
        operations
    }
}

fn names(list: &Value) -> Vec<&str> {
    list["data"].as_array().unwrap().iter().map(|market| market["name"].as_str().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn list_is_paged_by_number_offset_and_cursor() {
    let fixture = Fixture::open().await;
    let (ada, bob) = (fixture.user("Ada").await, fixture.user("Bob").await);
    let all: Vec<String> = (0..25).map(|n| format!("Market {n:02}")).collect();
    for (n, name) in all.iter().enumerate() {
        fixture.market(name, if n % 2 == 0 { ada } else { bob }).await;
    }
    fixture.app.wait_until_idle().await;

    let second = fixture.list("sort=name&page=2&limit=10&fields=name").await;
    assert_eq!(names(&second), all[10..20]);
    let cursor = second["pagination"]["nextCursor"].as_str().unwrap().to_owned();
    let pagination = json!({ "page": 2, "limit": 10, "total": 25, "totalPages": 3, "nextCursor": cursor });
    assert_eq!(second["pagination"], pagination);
    let rest = fixture.list(&format!("sort=name&limit=10&include=creator&fields=name&cursor={cursor}")).await;
    assert_eq!(names(&rest), all[20..]);
    assert_eq!(rest["pagination"], json!({ "limit": 10, "total": 25 }));
    let creator = json!({ "id": ada.user.to_string(), "name": "Ada" });
    assert_eq!(rest["data"][0], json!({ "name": "Market 20", "creator": creator }));
    assert_eq!(
        names(&fixture.list("sort=-name&offset=20&limit=10").await),
        ["Market 04", "Market 03", "Market 02", "Market 01", "Market 00"]
    );

    let wrong = fixture.app.request(Method::GET, "/v1/markets?page=1&offset=1&fields=colour").send().await;
    assert_eq!(wrong.code(StatusCode::BAD_REQUEST), "VALIDATION_ERROR");
    assert_eq!(wrong.json()["error"]["fields"].as_object().unwrap().len(), 3, "{}", wrong.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn included_creators_cost_one_request_and_are_retried() {
    let fixture = Fixture::open().await;
    let creators = [fixture.user("Ada").await, fixture.user("Bob").await];
    for n in 0..100 {
        fixture.market(&format!("Market {n:02}"), creators[n % 2]).await;
    }
    let requests = async |query: &str| {
        fixture.take_requests();
        let list = fixture.list(query).await;
        let mut requests = fixture.take_requests();
        requests.sort();
        (list, requests)
    };
    assert_eq!(
        requests("limit=100").await.1,
        ["BatchGetItem", "BatchGetItem", "Query"],
        "the markets, their volumes and their total"
    );
    // A search needs no total: the batches read the volumes and the creators.
    let query = "limit=100&search=market&include=creator";
    assert_eq!(requests(query).await.1, ["BatchGetItem", "BatchGetItem", "Query"]);

    let table = fixture.app.stack().table_name("Table").unwrap();
    let key = |user: &Actor| {
        let key = User::key(&user.user);
        json!({ "pk": { "S": key.pk }, "sk": { "S": key.sk } })
    };
    let keys: Vec<Value> = creators.iter().map(key).collect();
    let unprocessed = json!({ "Responses": { table: [] }, "UnprocessedKeys": { table: { "Keys": keys } } });
    let fault = Fault::Status(200, FaultBody::Json(unprocessed));
    let rule = Rule::new(FUNCTION, fault).service(Service::DynamoDb).operation("BatchGetItem").nth(2);
    let injection = fixture.app.stack().faults().inject(rule);
    let (list, operations) = requests(query).await;
    assert_eq!(injection.trigger_count(), 1);
    assert_eq!(
        operations,
        ["BatchGetItem", "BatchGetItem", "BatchGetItem", "Query"],
        "the creators are requested twice"
    );
    for market in list["data"].as_array().unwrap() {
        assert!(["Ada", "Bob"].iter().any(|name| market["creator"]["name"] == *name), "{market}");
    }
}
