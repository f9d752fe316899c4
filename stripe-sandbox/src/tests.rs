//! The sandbox as its callers see it, through its router.

mod fault_rules;
mod idempotency;
mod intents;
mod persistence;
mod refunds;
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
const CHARGE: &str =
    "amount=1999&currency=eur&payment_method=pm_card_visa&confirm=true&metadata[order_id]=ord_1";

/// A sandbox with a clock that stands still.
#[derive(Clone)]
struct Shop {
    sandbox: Sandbox,
    clock: ManualClock,
}

struct Answer {
    status: u16,
    headers: HeaderMap,
    json: Value,
}

impl Shop {
    fn open() -> Self {
        let clock = ManualClock::starting_at(Timestamp::from_second(1_700_000_000).unwrap());
        Self { sandbox: Sandbox::in_memory_at(clock.clock(), KEY, SECRET), clock }
    }

    async fn call(&self, request: Request<Body>) -> Response {
        self.sandbox.router().oneshot(request).await.unwrap()
    }

    async fn post(&self, path: &str, form: &str) -> Answer {
        answer(self.call(request(path, form, None)).await).await
    }

    async fn post_with_key(&self, path: &str, form: &str, key: &str) -> Answer {
        answer(self.call(request(path, form, Some(key))).await).await
    }

    async fn get(&self, path: &str) -> Answer {
        let request = Request::get(path).header("authorization", format!("Bearer {KEY}"));
        answer(self.call(request.body(Body::empty()).unwrap()).await).await
    }

    /// A captured payment of 19.99 for `ord_1`.
    async fn paid(&self) -> String {
        let answer = self.post("/v1/payment_intents", CHARGE).await;
        assert_eq!(answer.json["status"], "succeeded");
        answer.json["id"].as_str().unwrap().to_owned()
    }
}

fn request(path: &str, form: &str, key: Option<&str>) -> Request<Body> {
    let request = Request::post(path)
        .header("authorization", format!("Bearer {KEY}"))
        .header("content-type", "application/x-www-form-urlencoded");
    let request = key.into_iter().fold(request, |request, key| request.header("idempotency-key", key));
    request.body(Body::from(form.to_owned())).unwrap()
}

async fn answer(response: Response) -> Answer {
    let (parts, body) = response.into_parts();
    let bytes = body.collect().await.unwrap().to_bytes();
    let json = serde_json::from_slice(&bytes).unwrap_or_default();
    Answer { status: parts.status.as_u16(), headers: parts.headers, json }
}

impl Answer {
    fn code(&self) -> &str {
        self.json["error"]["code"].as_str().unwrap_or_default()
    }

    fn is_replayed(&self) -> bool {
        self.headers.get("idempotent-replayed").is_some_and(|value| value == "true")
    }
}

/// One webhook as it arrived.
struct Arrival {
    headers: HeaderMap,
    body: String,
}

impl Arrival {
    fn event(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    fn kind(&self) -> String {
        self.event()["type"].as_str().unwrap().to_owned()
    }
}

/// A receiver of webhooks that refuses the first `refusals`, and its address.
async fn receiver(refusals: usize) -> (String, mpsc::UnboundedReceiver<Arrival>) {
    let (sender, arrivals) = mpsc::unbounded_channel();
    let left = Arc::new(AtomicUsize::new(refusals));
    let receive = move |headers: HeaderMap, body: String| {
        sender.send(Arrival { headers, body }).unwrap();
        let refuses =
            left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok();
        std::future::ready(if refuses {
            hyper::StatusCode::SERVICE_UNAVAILABLE
        } else {
            hyper::StatusCode::OK
        })
    };
    let url = serve(Router::new().route("/webhook", axum::routing::post(receive))).await;
    (format!("{url}/webhook"), arrivals)
}

async fn serve(router: Router) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    format!("http://{address}")
}
