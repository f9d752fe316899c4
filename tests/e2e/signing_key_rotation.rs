//! The keys that sign access tokens, rotated while people log in, read and refresh.

use std::cell::{Cell, RefCell};
use std::path::PathBuf;

use futures::future::{join, join_all};
use http::{Method, StatusCode};
use local::keys::rotation;
use local::keys::store::KeyFolder;
use local::keys::{DeployedKeys, KeyRing, Pair, Stage};
use local::system::clock;
use serde_json::{Value, json};
use test_support::app::{Answer, WAIT_TIMEOUT};
use test_support::{TestApp, TestUser};

/// How many people use the shop at once.
const PEOPLE: usize = 2;

/// A shop that keeps its keys in a folder, which is gone when the test ends.
struct Fixture {
    shop: TestApp,
    folder: KeyFolder,
    path: PathBuf,
}

impl Fixture {
    async fn open() -> Self {
        let path = std::env::temp_dir().join(format!("e2e-keys-{}", local::system::aws_ids::uuid()));
        let shop = TestApp::open_with(|builder| builder.state_dir(&path)).await;
        Self { shop, folder: KeyFolder::of_local_stack(&path), path }
    }

    /// Gives the functions the ring's keys one by one, and lets everybody go round in between, so that functions with
    /// the old keys and functions with the new ones serve together.
    async fn deploy(&self, ring: &KeyRing, traffic: &Traffic<'_>) {
        let planned = self.shop.stack().plan(&ring.parameters()).unwrap();
        let verifying = |function: &&local::template::Function| {
            function.environment.contains_key("AGORA_JWT_PUBLIC_KEYS")
        };
        let mut replaced = 0;
        for function in planned.functions.iter().filter(verifying) {
            self.shop.stack().host().deploy(std::slice::from_ref(function)).await.unwrap();
            traffic.goes_round().await;
            replaced += 1;
        }
        assert!(replaced >= 6, "only {replaced} functions verify tokens");
        self.shop.stack().deploy(&ring.parameters()).await.unwrap();
        traffic.goes_round().await;
    }
}

impl Drop for Fixture {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.path);
    }
}

/// People who log in, read and refresh, again and again, and what went wrong for them.
struct Traffic<'a> {
    shop: &'a TestApp,
    people: Vec<TestUser>,
    rounds: Vec<Cell<u64>>,
    requests: Cell<u64>,
    failures: RefCell<Vec<String>>,
    over: Cell<bool>,
}

impl<'a> Traffic<'a> {
    async fn of(shop: &'a TestApp) -> Self {
        let people = join_all((0..PEOPLE).map(async |n| shop.customer(&format!("person{n}")).await)).await;
        let rounds = people.iter().map(|_| Cell::new(0)).collect();
        let (requests, over) = (Cell::new(0), Cell::new(false));
        Self { shop, people, rounds, requests, failures: RefCell::default(), over }
    }

    /// Everybody goes round for as long as `meanwhile` takes.
    async fn during(&self, meanwhile: impl Future<Output = ()>) {
        let everybody = self.people.iter().zip(&self.rounds).map(async |(person, rounds)| {
            while !self.over.get() {
                self.go_round(person).await;
                rounds.set(rounds.get() + 1);
            }
        });
        let meanwhile = async {
            meanwhile.await;
            self.over.set(true);
        };
        join(join_all(everybody), meanwhile).await;
    }

    /// Waits until everybody has gone round once from beginning to end.
    async fn goes_round(&self) {
        let before: Vec<u64> = self.rounds.iter().map(Cell::get).collect();
        let all = || async {
            let gone = self.rounds.iter().zip(&before).all(|(now, before)| now.get() >= before + 2);
            gone.then_some(())
        };
        test_support::app::eventually("everybody has gone round", all).await;
    }

    async fn go_round(&self, person: &TestUser) {
        let login = json!({ "email": person.email, "password": "correct horse battery staple" });
        let Some(tokens) = self.tokens("/v1/auth/login", &login).await else { return };
        self.read(person, &tokens).await;
        let refresh = json!({ "refreshToken": tokens["refreshToken"] });
        let Some(tokens) = self.tokens("/v1/auth/refresh", &refresh).await else { return };
        self.read(person, &tokens).await;
    }

    async fn tokens(&self, path: &str, body: &Value) -> Option<Value> {
        let answer = self.shop.ask(Method::POST, path).json(body).send().await;
        self.expect(path, &answer, StatusCode::OK).then(|| answer.json()["data"].clone())
    }

    /// One request to each function that verifies tokens.
    async fn read(&self, person: &TestUser, tokens: &Value) {
        let token = tokens["accessToken"].as_str().unwrap_or_default().to_owned();
        let person = TestUser { token, ..person.clone() };
        let nothing = "01J8Z3K5V0ABCDEFGHJKMNPQRS";
        let reads = [
            ("/v1/users/me".to_owned(), StatusCode::OK),
            ("/v1/orders".to_owned(), StatusCode::OK),
            ("/v1/markets".to_owned(), StatusCode::OK),
            (format!("/v1/products/prd_{nothing}"), StatusCode::NOT_FOUND),
            (format!("/v1/payments/pay_{nothing}"), StatusCode::NOT_FOUND),
        ];
        for (path, expected) in reads {
            let answer = self.shop.ask(Method::GET, &path).by(&person).send().await;
            self.expect(&path, &answer, expected);
        }
    }

    fn expect(&self, what: &str, answer: &Answer, status: StatusCode) -> bool {
        self.requests.set(self.requests.get() + 1);
        if answer.status != status {
            self.failures.borrow_mut().push(format!("{what}: {} {}", answer.status, answer.text));
        }
        answer.status == status
    }

    fn figures(&self) -> String {
        format!("{} requests, {} failures", self.requests.get(), self.failures.borrow().len())
    }
}

async fn me(shop: &TestApp, customer: &TestUser) -> Answer {
    shop.ask(Method::GET, "/v1/users/me").by(customer).send().await
}

#[tokio::test(flavor = "multi_thread")]
async fn figures_of_a_rotation_of_the_signing_keys_under_traffic() {
    let keyed = Fixture::open().await;
    let (shop, folder) = (&keyed.shop, &keyed.folder);
    let traffic = Traffic::of(shop).await;
    let early = shop.customer("early").await;
    let mut now = clock::now();
    folder.note_live(&DeployedKeys::of_parameters(&shop.stack().parameters(), now).unwrap()).unwrap();
    traffic
        .during(async {
            for stage in [Stage::Introduced, Stage::Overlapping, Stage::Steady] {
                let ring = rotation::rotate(folder, now).unwrap();
                assert_eq!(ring.stage(), stage);
                assert!(rotation::rotate(folder, now).is_err(), "the next step waits for this one");
                keyed.deploy(&ring, &traffic).await;
                rotation::deployed(folder, now).unwrap();
                let expected = if stage == Stage::Steady { StatusCode::UNAUTHORIZED } else { StatusCode::OK };
                assert_eq!(me(shop, &early).await.status, expected, "{stage:?}");
                // The quarter of an hour that the next step waits for: everybody has a token of the last step by now.
                now = rotation::status(folder).unwrap().1.unwrap();
            }
        })
        .await;
    println!("rotation of the signing keys, function by function: {}", traffic.figures());
    assert_eq!(*traffic.failures.borrow(), Vec::<String>::new());
    assert!(traffic.requests.get() > 300, "{}", traffic.requests.get());
    assert_eq!(me(shop, &early).await.code(StatusCode::UNAUTHORIZED), "INVALID_TOKEN");
    let late = shop.customer("late").await;
    assert_eq!(me(shop, &late).await.status, StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_signs_before_it_is_published_everywhere_is_noticed() {
    let keyed = Fixture::open().await;
    let traffic = Traffic::of(&keyed.shop).await;
    let now = clock::now();
    let ring = keyed.folder.ring().unwrap().unwrap();
    // The first deployment is claimed, and not made.
    let introduced = ring.rotate(Some(&ring.live_since(now)), now, Pair::generate().unwrap()).unwrap();
    let claimed = introduced.live_since(now);
    let later = introduced.ready_at(Some(&claimed)).unwrap();
    let signing = introduced.rotate(Some(&claimed), later, Pair::generate().unwrap()).unwrap();
    traffic.during(keyed.deploy(&signing, &traffic)).await;
    println!("a signing key that is not published first: {}", traffic.figures());
    let failures = traffic.failures.borrow();
    assert!(failures.iter().any(|failure| failure.contains("INVALID_TOKEN")), "{failures:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn instances_are_replaced_by_a_deployment_and_no_request_fails() {
    let shop = TestApp::open_with(|builder| builder.instances(4)).await;
    let customer = shop.customer("ada").await;
    let asked = || join_all((0..40).map(|_| me(&shop, &customer)));
    asked().await;
    let before = shop.stack().stats()["api-users"];
    assert!(before.instances >= 2, "{before:?}");
    let parameters = shop.stack().parameters();
    let deployed = async { tokio::time::timeout(WAIT_TIMEOUT, shop.stack().deploy(&parameters)).await };
    let (answers, deployed) = join(asked(), deployed).await;
    deployed.unwrap().unwrap();
    assert!(answers.iter().all(|answer| answer.status == StatusCode::OK));
    asked().await;
    let after = shop.stack().stats()["api-users"];
    assert!(after.cold_starts > before.cold_starts && after.crashes == before.crashes, "{after:?}");
}
