//! What people do: they ask again under the same key until they have an answer, as a good client does.

use std::future::Future;
use std::time::Duration;

use harness::Customer;
use harness::audit::{Exchange, Invariant, Violation};
use harness::shop::Answer;
use http::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::time::Instant;

use super::Bench;

/// How often something is looked at.
const POLL: Duration = Duration::from_millis(40);

/// What a client asks for.
pub(crate) struct Wish<'a> {
    pub(crate) by: &'a Customer,
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) key: String,
    pub(crate) body: Value,
}

impl<'a> Wish<'a> {
    /// A `POST` under a key.
    pub(crate) fn post(
        by: &'a Customer,
        path: impl Into<String>,
        key: impl Into<String>,
        body: Value,
    ) -> Self {
        Self { by, method: Method::POST, path: path.into(), key: key.into(), body }
    }
}

/// Whether the answer says nothing of what became of the request, or that it may be asked again.
fn is_open(answer: &Answer) -> bool {
    let status = answer.status;
    let busy = answer.json()["error"]["code"] == "IDEMPOTENCY_IN_PROGRESS";
    status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS || busy
}

/// It should have been granted.
pub(crate) fn refused(wish: &Wish<'_>, answer: &Answer) -> Violation {
    let subject = format!("{} {}", wish.method, wish.path);
    let was = format!("{}: {}", answer.status, answer.text);
    Violation::new(Invariant::Http, subject, "it is granted", was)
}

impl Bench {
    /// Asks until there is an answer that says how it ended; notes each.
    pub(crate) async fn wish(&self, wish: &Wish<'_>) -> Result<Answer, Violation> {
        let end = Instant::now() + self.patience();
        loop {
            let answer = self.ask_once(wish).await;
            if !is_open(&answer) {
                return Ok(answer);
            }
            if Instant::now() >= end {
                let subject = format!("{} {}", wish.method, wish.path);
                let was = format!("{}: {}", answer.status, answer.text);
                return Err(Violation::new(Invariant::Http, subject, "an answer in the end", was));
            }
            local::clock::sleep(POLL).await;
        }
    }

    /// Asks once, and notes the answer.
    pub(crate) async fn ask_once(&self, wish: &Wish<'_>) -> Answer {
        self.ask_as(wish, &wish.key).await
    }

    /// Asks once, and notes the answer as if it were for another key: one that lapsed is another.
    pub(crate) async fn ask_as(&self, wish: &Wish<'_>, key: &str) -> Answer {
        let ask = self.shop.ask(wish.method.clone(), &wish.path).by(wish.by).key(&wish.key);
        let answer = ask.json(&wish.body).send().await;
        let route = format!("{} {}", wish.method, wish.path);
        let (caller, key) = (wish.by.id.clone(), key.to_owned());
        self.lock().exchanges.note(Exchange { caller, route, key, answer: answer.clone() });
        answer
    }

    /// As [`wish`](Self::wish), where it has to be granted; gives the data.
    pub(crate) async fn granted(&self, wish: &Wish<'_>) -> Result<Value, Violation> {
        let answer = self.wish(wish).await?;
        if answer.status.is_success() {
            return Ok(answer.json()["data"].take());
        }
        Err(refused(wish, &answer))
    }

    /// Asks once, of a thing that has this entity tag, or any.
    pub(crate) async fn tagged(&self, wish: &Wish<'_>, tag: &str) -> Answer {
        let ask = self.shop.ask(wish.method.clone(), &wish.path).by(wish.by).header("if-match", tag);
        ask.json(&wish.body).send().await
    }

    /// Lists a product of the bench's market; gives its id.
    pub(crate) async fn product(&self, trial: u64, stock: i64) -> Result<String, Violation> {
        let key = local::ids::uuid();
        let product = json!({
            "sku": format!("SKU-{}", key[..13].to_uppercase()),
            "title": format!("Mug of trial {trial}"),
            "price": { "amount": 1_999, "currency": "EUR" },
            "stock": stock,
        });
        let path = format!("/v1/markets/{}/products", self.market);
        let listed = self.granted(&Wish::post(&self.seller, path, key, product)).await?;
        let id = listed["id"].as_str().unwrap_or_default().to_owned();
        self.stocked(&id, stock);
        self.belongs(&id, trial);
        Ok(id)
    }

    /// Places an order of one product; gives its id.
    pub(crate) async fn order(
        &self,
        trial: u64,
        product: &str,
        (quantity, method): (i64, Option<&str>),
    ) -> Result<String, Violation> {
        let mut order = json!({ "items": [{ "productId": product, "quantity": quantity }] });
        if let Some(method) = method {
            order["paymentMethod"] = json!(method);
        }
        let wish = Wish::post(self.buyer(trial), "/v1/orders", local::ids::uuid(), order);
        let placed = self.granted(&wish).await?;
        let id = placed["id"].as_str().unwrap_or_default().to_owned();
        self.acknowledged(&id, trial);
        Ok(id)
    }

    /// Notes that an order was acknowledged.
    pub(crate) fn acknowledged(&self, order: &str, trial: u64) {
        self.lock().journal.acknowledged.push(order.to_owned());
        self.belongs(order, trial);
    }

    /// The order, as its buyer sees it; nothing, if the API does not answer just now.
    pub(crate) async fn look(&self, trial: u64, order: &str) -> Option<Value> {
        let ask = self.shop.ask(Method::GET, &format!("/v1/orders/{order}")).by(self.buyer(trial));
        let answer = ask.send().await;
        (answer.status == StatusCode::OK).then(|| answer.json()["data"].take())
    }

    /// Where the order's fulfilment stands, with what failed in it: for whoever has to find out why.
    async fn step_of(&self, trial: u64, order: &str) -> Option<String> {
        let path = format!("/v1/orders/{order}/timeline");
        let shown = self.shop.ask(Method::GET, &path).by(self.buyer(trial)).send().await;
        let step = shown.json()["data"]["fulfilment"].take();
        (!step.is_null()).then(|| step.to_string())
    }

    /// The order, once it is `so`.
    pub(crate) async fn order_is(
        &self,
        (trial, order): (u64, &str),
        what: &str,
        so: impl Fn(&Value) -> bool,
    ) -> Result<Value, Violation> {
        let look = || async { self.look(trial, order).await.filter(|shown| so(shown)) };
        if let Some(shown) = self.until(look).await {
            return Ok(shown);
        }
        let is = self.look(trial, order).await.map(|shown| shown["status"].to_string());
        let is = is.unwrap_or_else(|| "not shown".to_owned());
        let step = self.step_of(trial, order).await.map_or_else(String::new, |step| format!(", at {step}"));
        let was = format!("it is {is}{step}");
        Err(Violation::new(Invariant::Sagas, order, what, was))
    }

    /// What `look` finds, as soon as it finds something, for as long as there is patience.
    pub(crate) async fn until<T, F: Future<Output = Option<T>>>(&self, look: impl Fn() -> F) -> Option<T> {
        let end = Instant::now() + self.patience();
        loop {
            if let Some(found) = look().await {
                return Some(found);
            }
            if Instant::now() >= end {
                return None;
            }
            local::clock::sleep(POLL).await;
        }
    }
}
