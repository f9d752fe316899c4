//! Rotation of the token signing keys under traffic.

use std::cell::{Cell, RefCell};
use std::path::PathBuf;

use futures::future::{join, join_all};
use http::{Method, StatusCode};
use local::keys::rotation::{DeployedKeys, KeyRing, RotationStage};
use local::keys::store::KeyStore;
use local::keys::{KeyPair, commands};
use local::system::clock;
use serde_json::{Value, json};
use test_support::app::{TestResponse, WAIT_TIMEOUT};
use test_support::{TestApp, TestUser};

/// Number of concurrent users.
const USERS: usize = 2;

/// A stack with its key folder, which is deleted when the test ends.
struct Fixture {
    app: TestApp,
    folder: KeyStore,
    path: PathBuf,
}

impl Fixture {
    async fn open() -> Self {
        let path = std::env::temp_dir().join(format!("e2e-keys-{}", local::system::aws_ids::uuid()));
        let app = TestApp::start_with(|builder| builder.state_dir(&path)).await;
        Self { app, folder: KeyStore::of_local_stack(&path), path }
    }

    /// Deploys the ring's keys to one function after another, and waits for a round of each user in between,
    /// so that functions with old and new keys serve together.
    async fn deploy(&self, ring: &KeyRing, traffic: &Traffic<'_>) {
        let planned = self.app.stack().plan(&ring.parameters()).unwrap();
        let verifying = |function: &&local::template::Function| {
            function.environment.contains_key("AGORA_JWT_PUBLIC_KEYS")
        };
        let mut replaced = 0;
        for function in planned.functions.iter().filter(verifying) {
            self.app.stack().host().deploy(std::slice::from_ref(function)).await.unwrap();
            traffic.wait_for_rounds().await;
            replaced += 1;
        }
        assert!(replaced >= 6, "only {replaced} functions verify tokens");
        self.app.stack().deploy(&ring.parameters()).await.unwrap();
        traffic.wait_for_rounds().await;
    }
}

impl Drop for Fixture {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.path);
    }
}

/// Users who log in, read and refresh in a loop, with a record of failures.
struct Traffic<'a> {
    app: &'a TestApp,
    users: Vec<TestUser>,
    rounds: Vec<Cell<u64>>,
    requests: Cell<u64>,
    failures: RefCell<Vec<String>>,
    stopped: Cell<bool>,
}

impl<'a> Traffic<'a> {
    async fn of(app: &'a TestApp) -> Self {
        let users = join_all((0..USERS).map(async |n| app.register(&format!("user{n}")).await)).await;
        let rounds = users.iter().map(|_| Cell::new(0)).collect();
        let (requests, stopped) = (Cell::new(0), Cell::new(false));
        Self { app, users, rounds, requests, failures: RefCell::default(), stopped }
    }

    /// Runs the traffic until `work` is done.
    async fn during(&self, work: impl Future<Output = ()>) {
        let traffic = self.users.iter().zip(&self.rounds).map(async |(user, rounds)| {
            while !self.stopped.get() {
                self.run_round(user).await;
                rounds.set(rounds.get() + 1);
            }
        });
        let work = async {
            work.await;
            self.stopped.set(true);
        };
        join(join_all(traffic), work).await;
    }

    /// Waits until each user has completed a round that started after this call.
    async fn wait_for_rounds(&self) {
        let before: Vec<u64> = self.rounds.iter().map(Cell::get).collect();
        let all_done = || async {
            let done = self.rounds.iter().zip(&before).all(|(now, before)| now.get() >= before + 2);
            done.then_some(())
        };
        test_support::app::eventually("each user has completed a round", all_done).await;
    }

    async fn run_round(&self, user: &TestUser) {
        let login = json!({ "email": user.email, "password": "correct horse battery staple" });
        let Some(tokens) = self.tokens("/v1/auth/login", &login).await else { return };
        self.read(user, &tokens).await;
        let refresh = json!({ "refreshToken": tokens["refreshToken"] });
        let Some(tokens) = self.tokens("/v1/auth/refresh", &refresh).await else { return };
        self.read(user, &tokens).await;
    }

    async fn tokens(&self, path: &str, body: &Value) -> Option<Value> {
        let response = self.app.request(Method::POST, path).json(body).send().await;
        self.expect(path, &response, StatusCode::OK).then(|| response.json()["data"].clone())
    }

    /// Sends one request to each function that verifies tokens.
    async fn read(&self, user: &TestUser, tokens: &Value) {
        let token = tokens["accessToken"].as_str().unwrap_or_default().to_owned();
        let user = TestUser { token, ..user.clone() };
        let absent = "01J8Z3K5V0ABCDEFGHJKMNPQRS";
        let reads = [
            ("/v1/users/me".to_owned(), StatusCode::OK),
            ("/v1/orders".to_owned(), StatusCode::OK),
            ("/v1/markets".to_owned(), StatusCode::OK),
            (format!("/v1/products/prd_{absent}"), StatusCode::NOT_FOUND),
            (format!("/v1/payments/pay_{absent}"), StatusCode::NOT_FOUND),
        ];
        for (path, expected) in reads {
            let response = self.app.request(Method::GET, &path).by(&user).send().await;
            self.expect(&path, &response, expected);
        }
    }

    fn expect(&self, path: &str, response: &TestResponse, status: StatusCode) -> bool {
        self.requests.set(self.requests.get() + 1);
        if response.status != status {
            self.failures.borrow_mut().push(format!("{path}: {} {}", response.status, response.text));
        }
        response.status == status
    }

    fn summary(&self) -> String {
        format!("{} requests, {} failures", self.requests.get(), self.failures.borrow().len())
    }
}

async fn me(app: &TestApp, customer: &TestUser) -> TestResponse {
    app.request(Method::GET, "/v1/users/me").by(customer).send().await
}

#[tokio::test(flavor = "multi_thread")]
async fn results_of_signing_key_rotation_under_traffic() {
    let fixture = Fixture::open().await;
    let (app, folder) = (&fixture.app, &fixture.folder);
    let traffic = Traffic::of(app).await;
    let early = app.register("early").await;
    let mut now = clock::now();
    folder.record_deployed(&DeployedKeys::of_parameters(&app.stack().parameters(), now).unwrap()).unwrap();
    traffic
        .during(async {
            for stage in [RotationStage::Introduced, RotationStage::Overlapping, RotationStage::Steady] {
                let ring = commands::rotate(folder, now).unwrap();
                assert_eq!(ring.stage(), stage);
                assert!(
                    commands::rotate(folder, now).is_err(),
                    "the next step is refused until this one is deployed"
                );
                fixture.deploy(&ring, &traffic).await;
                commands::deployed(folder, now).unwrap();
                let expected =
                    if stage == RotationStage::Steady { StatusCode::UNAUTHORIZED } else { StatusCode::OK };
                assert_eq!(me(app, &early).await.status, expected, "{stage:?}");
                // Skips the 15 minutes after which all users have a token of the last step.
                now = commands::status(folder).unwrap().1.unwrap();
            }
        })
        .await;
    println!("rotation of the signing keys, one function after another: {}", traffic.summary());
    assert_eq!(*traffic.failures.borrow(), Vec::<String>::new());
    assert!(traffic.requests.get() > 300, "{}", traffic.requests.get());
    assert_eq!(me(app, &early).await.code(StatusCode::UNAUTHORIZED), "INVALID_TOKEN");
    let late = app.register("late").await;
    assert_eq!(me(app, &late).await.status, StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn signing_with_an_unpublished_key_is_detected() {
    let fixture = Fixture::open().await;
    let traffic = Traffic::of(&fixture.app).await;
    let now = clock::now();
    let ring = fixture.folder.ring().unwrap().unwrap();
    // The first deployment is recorded but not made.
    let introduced = ring.rotate(Some(&ring.deployed_since(now)), now, KeyPair::generate().unwrap()).unwrap();
    let recorded = introduced.deployed_since(now);
    let later = introduced.ready_at(Some(&recorded)).unwrap();
    let signing = introduced.rotate(Some(&recorded), later, KeyPair::generate().unwrap()).unwrap();
    traffic.during(fixture.deploy(&signing, &traffic)).await;
    println!("seeded bug, a signing key that is not published first: {}", traffic.summary());
    let failures = traffic.failures.borrow();
    assert!(failures.iter().any(|failure| failure.contains("INVALID_TOKEN")), "{failures:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn deployment_replaces_instances_without_failed_requests() {
    let app = TestApp::start_with(|builder| builder.instances(4)).await;
    let customer = app.register("ada").await;
    let send_requests = || join_all((0..40).map(|_| me(&app, &customer)));
    send_requests().await;
    let before = app.stack().stats()["api-users"];
    assert!(before.instances >= 2, "{before:?}");
    let parameters = app.stack().parameters();
    let deployed = async { tokio::time::timeout(WAIT_TIMEOUT, app.stack().deploy(&parameters)).await };
    let (responses, deployed) = join(send_requests(), deployed).await;
    deployed.unwrap().unwrap();
    assert!(responses.iter().all(|response| response.status == StatusCode::OK));
    send_requests().await;
    let after = app.stack().stats()["api-users"];
    assert!(after.cold_starts > before.cold_starts && after.crashes == before.crashes, "{after:?}");
}
