//! Lists, as they are gone through by number, by offset and by cursor, with what is shown of each thing.

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
use test_support::fixture::{actor, cause, new_id};

const FUNCTION: &str = "api-markets";

/// A street of markets.
struct Fixture {
    shop: TestApp,
    store: DynamoStore,
}

impl Fixture {
    async fn open() -> Self {
        let shop = TestApp::open().await;
        let table = shop.stack().table_name("Table").unwrap();
        let store = DynamoStore::new(Table::new(shop.dynamodb(), table));
        Self { shop, store }
    }

    async fn run<C: Command>(&self, command: C) -> C::Output {
        self.store.execute(command, &cause(SystemClock.now())).await.unwrap().into_output()
    }

    async fn person(&self, name: &str) -> Actor {
        let person = actor(&new_id::<User>().to_string(), Role::User);
        let (email, name) = (format!("{name}@example.com").parse().unwrap(), name.parse().unwrap());
        let credentials = Credentials { password_hash: String::new() };
        self.run(RegisterUser { id: person.user, email, name, role: person.role, credentials }).await;
        person
    }

    async fn market(&self, name: &str, by: Actor) -> Market {
        let (id, currency, name) = (new_id(), "EUR".parse().unwrap(), name.parse().unwrap());
        let (description, status, products) = (None, InitialStatus::Active, Vec::new());
        self.run(CreateMarket { id, by, name, description, currency, status, products }).await
    }

    async fn list(&self, query: &str) -> Value {
        let answer = self.shop.ask(Method::GET, &format!("/v1/markets?{query}")).send().await;
        assert_eq!(answer.status, StatusCode::OK, "{query}: {}", answer.text);
        answer.json()
    }

    /// What the function asked the table for since this was last asked.
    fn requests(&self) -> Vec<String> {
        let calls = self.shop.stack().faults().calls_of(FUNCTION).into_iter();
        let reads = calls.filter(|call| call.service == Service::DynamoDb && call.operation != "UpdateItem");
        let operations = reads.map(|call| call.operation).collect();
        self.shop.stack().faults().forget_calls();
        operations
    }
}

fn names(list: &Value) -> Vec<&str> {
    list["data"].as_array().unwrap().iter().map(|market| market["name"].as_str().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_is_gone_through_in_three_ways_and_shows_what_is_asked_for() {
    let street = Fixture::open().await;
    let (ada, bob) = (street.person("Ada").await, street.person("Bob").await);
    let all: Vec<String> = (0..25).map(|n| format!("Market {n:02}")).collect();
    for (n, name) in all.iter().enumerate() {
        street.market(name, if n % 2 == 0 { ada } else { bob }).await;
    }
    street.shop.wait_until_idle().await;

    let second = street.list("sort=name&page=2&limit=10&fields=name").await;
    assert_eq!(names(&second), all[10..20]);
    let cursor = second["pagination"]["nextCursor"].as_str().unwrap().to_owned();
    let pagination = json!({ "page": 2, "limit": 10, "total": 25, "totalPages": 3, "nextCursor": cursor });
    assert_eq!(second["pagination"], pagination);
    let rest = street.list(&format!("sort=name&limit=10&include=creator&fields=name&cursor={cursor}")).await;
    assert_eq!(names(&rest), all[20..]);
    assert_eq!(rest["pagination"], json!({ "limit": 10, "total": 25 }));
    let creator = json!({ "id": ada.user.to_string(), "name": "Ada" });
    assert_eq!(rest["data"][0], json!({ "name": "Market 20", "creator": creator }));
    assert_eq!(
        names(&street.list("sort=-name&offset=20&limit=10").await),
        ["Market 04", "Market 03", "Market 02", "Market 01", "Market 00"]
    );

    let wrong = street.shop.ask(Method::GET, "/v1/markets?page=1&offset=1&fields=colour").send().await;
    assert_eq!(wrong.code(StatusCode::BAD_REQUEST), "VALIDATION_ERROR");
    assert_eq!(wrong.json()["error"]["fields"].as_object().unwrap().len(), 3, "{}", wrong.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_markets_with_their_creators_are_one_request_more_and_those_left_out_are_asked_for_again() {
    let street = Fixture::open().await;
    let people = [street.person("Ada").await, street.person("Bob").await];
    for n in 0..100 {
        street.market(&format!("Market {n:02}"), people[n % 2]).await;
    }
    let requests = async |query: &str| {
        street.requests();
        let list = street.list(query).await;
        let mut requests = street.requests();
        requests.sort();
        (list, requests)
    };
    assert_eq!(
        requests("limit=100").await.1,
        ["BatchGetItem", "BatchGetItem", "Query"],
        "the markets, their volumes, and how many there are"
    );
    // A search is counted as it is read: what is left are the volumes and the creators.
    let query = "limit=100&search=market&include=creator";
    assert_eq!(requests(query).await.1, ["BatchGetItem", "BatchGetItem", "Query"]);

    let table = street.shop.stack().table_name("Table").unwrap();
    let key = |person: &Actor| {
        let key = User::key(&person.user);
        json!({ "pk": { "S": key.pk }, "sk": { "S": key.sk } })
    };
    let keys: Vec<Value> = people.iter().map(key).collect();
    let left_out = json!({ "Responses": { table: [] }, "UnprocessedKeys": { table: { "Keys": keys } } });
    let fault = Fault::Status(200, FaultBody::Json(left_out));
    let rule = Rule::new(FUNCTION, fault).service(Service::DynamoDb).operation("BatchGetItem").nth(2);
    let struck = street.shop.stack().faults().inject(rule);
    let (list, with) = requests(query).await;
    assert_eq!(struck.trigger_count(), 1);
    assert_eq!(
        with,
        ["BatchGetItem", "BatchGetItem", "BatchGetItem", "Query"],
        "asked for, and asked for again"
    );
    for market in list["data"].as_array().unwrap() {
        assert!(["Ada", "Bob"].iter().any(|name| market["creator"]["name"] == *name), "{market}");
    }
}
