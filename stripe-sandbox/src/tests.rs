//! Tests of the sandbox through its router.

mod accounts;
mod balance;
mod disputes;
mod fault_rules;
mod idempotency;
mod intents;
mod operations;
mod page;
mod payouts;
mod persistence;
mod rate_limits;
mod refunds;
mod transfers;
mod webhooks;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::body::Body;
use axum::response::Response;
use http_body_util::BodyExt as _;
use hyper::{HeaderMap, Request};
use jiff::Timestamp;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tower::ServiceExt as _;

use super::{ManualClock, Sandbox};

const KEY: &str = "sk_test_sandbox";
const SECRET: &str = "whsec_sandbox";
const CHARGE: &str = "amount=1999&currency=eur&payment_method=pm_card_visa&confirm=true&metadata[order_id]=ord_1\
    &automatic_payment_methods[enabled]=true&automatic_payment_methods[allow_redirects]=never";

/// Sandbox with a manual clock.
#[derive(Clone)]
struct Fixture {
    sandbox: Sandbox,
    clock: ManualClock,
}

struct TestResponse {
    status: u16,
    headers: HeaderMap,
    json: Value,
}

impl Fixture {
    fn new() -> Self {
        let clock = ManualClock::starting_at(Timestamp::from_second(1_700_000_000).unwrap());
        Self { sandbox: Sandbox::in_memory_at(clock.clock(), KEY, SECRET), clock }
    }

    async fn call(&self, request: Request<Body>) -> Response {
        self.sandbox.router().oneshot(request).await.unwrap()
    }

    async fn post(&self, path: &str, form: &str) -> TestResponse {
        read_response(self.call(request(path, form, None)).await).await
    }

    async fn post_with_key(&self, path: &str, form: &str, key: &str) -> TestResponse {
        read_response(self.call(request(path, form, Some(key))).await).await
    }

    async fn get(&self, path: &str) -> TestResponse {
        let request = Request::get(path).header("authorization", format!("Bearer {KEY}"));
        read_response(self.call(request.body(Body::empty()).unwrap()).await).await
    }

    /// Creates a captured payment of 19.99 EUR for `ord_1`.
    async fn create_captured_payment(&self) -> String {
        let response = self.post("/v1/payment_intents", CHARGE).await;
        assert_eq!(response.json["status"], "succeeded");
        response.json["id"].as_str().unwrap().to_owned()
    }
}

fn request(path: &str, form: &str, key: Option<&str>) -> Request<Body> {
    let request = Request::post(path)
        .header("authorization", format!("Bearer {KEY}"))
        .header("content-type", "application/x-www-form-urlencoded");
    let request = key.into_iter().fold(request, |request, key| request.header("idempotency-key", key));
    request.body(Body::from(form.to_owned())).unwrap()
}

async fn read_response(response: Response) -> TestResponse {
    let (parts, body) = response.into_parts();
    let bytes = body.collect().await.unwrap().to_bytes();
    let json = serde_json::from_slice(&bytes).unwrap_or_default();
    TestResponse { status: parts.status.as_u16(), headers: parts.headers, json }
}

impl TestResponse {
    fn code(&self) -> &str {
        self.json["error"]["code"].as_str().unwrap_or_default()
    }

    fn is_replayed(&self) -> bool {
        self.headers.get("idempotent-replayed").is_some_and(|value| value == "true")
    }
}

/// Webhook as the endpoint received it.
struct ReceivedWebhook {
    headers: HeaderMap,
    body: String,
}

impl ReceivedWebhook {
    fn event(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    fn kind(&self) -> String {
        self.event()["type"].as_str().unwrap().to_owned()
    }
}

/// Starts a webhook endpoint that rejects the first `refusals` webhooks. Returns its URL and the received
/// webhooks.
async fn receiver(refusals: usize) -> (String, mpsc::UnboundedReceiver<ReceivedWebhook>) {
    let (sender, webhooks) = mpsc::unbounded_channel();
    let remaining = Arc::new(AtomicUsize::new(refusals));
    let receive = move |headers: HeaderMap, body: String| {
        sender.send(ReceivedWebhook { headers, body }).unwrap();
        let refuses =
            remaining.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |count| count.checked_sub(1)).is_ok();
        std::future::ready(if refuses {
            hyper::StatusCode::SERVICE_UNAVAILABLE
        } else {
            hyper::StatusCode::OK
        })
    };
    let url = serve(Router::new().route("/webhook", axum::routing::post(receive))).await;
    (format!("{url}/webhook"), webhooks)
}

async fn serve(router: Router) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    format!("http://{address}")
}
