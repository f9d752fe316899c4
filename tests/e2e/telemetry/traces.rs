//! One trace, from a request to the last thing that it leads to.

use http::{Method, StatusCode};
use serde_json::json;
use shared::domain::user::Role;
use stripe_sandbox::{Effect, Operation, Rule};
use test_support::app::{Answer, eventually};
use test_support::collector::Seen;
use test_support::{Collector, TestApp, TestUser};

/// What the client says it is part of, in W3C's form and in AWS's.
const CLIENT: &str = "00f067aa0ba902b7";
const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const TRACEPARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
const X_RAY: &str = "Root=1-4bf92f35-77b34da6a3ce929d0e0e4736;Parent=00f067aa0ba902b7;Sampled=1";

/// A shop whose functions tell a collector, and two people in it.
struct Fixture {
    shop: TestApp,
    collector: Collector,
    buyer: TestUser,
    product: String,
}

impl Fixture {
    async fn open() -> Self {
        let collector = Collector::open().await;
        let endpoint = collector.endpoint();
        let shop = TestApp::open_with(|builder| {
            builder.parameter("OtlpEndpoint", endpoint).parameter("PaymentGatewayBreakerOpenSeconds", "1")
        })
        .await;
        let (seller, buyer) = (shop.customer("seller").await, shop.customer("buyer").await);
        let product = shop.product(&seller, 1_999, 100).await;
        shop.wait_until_idle().await;
        Self { shop, collector, buyer, product }
    }

    /// Places an order as part of a trace, under the header given.
    async fn order(&self, header: (&str, &str)) -> Answer {
        let order = json!({ "items": [{ "productId": self.product, "quantity": 1 }], "paymentMethod": "pm_card_visa" });
        let ask = self.shop.ask(Method::POST, "/v1/orders").by(&self.buyer).key("k1").json(&order);
        ask.header(header.0, header.1).send().await
    }

    /// Waits until the buyer was written that the order is confirmed; `meanwhile` is done again and again.
    async fn confirmed(&self, meanwhile: impl AsyncFn()) {
        let written = || async {
            meanwhile().await;
            let sent = self.shop.stack().mail().sent_to(&self.buyer.email);
            sent.iter().any(|email| email.tags["kind"] == "order-confirmed").then_some(())
        };
        eventually("the order is confirmed", written).await;
    }

    /// What the collector knows of the trace once nothing moves any more, and every instance has told what it had left.
    async fn told(&self) -> Trace {
        self.shop.wait_until_idle().await;
        self.shop.stack().deploy(&self.shop.stack().parameters()).await.unwrap();
        self.trace()
    }

    fn trace(&self) -> Trace {
        Trace(self.collector.spans().into_iter().filter(|span| span.trace == TRACE).collect())
    }
}

/// The spans of one trace.
#[derive(Debug)]
struct Trace(Vec<Seen>);

impl Trace {
    /// What led to a span, from the first on, each as `function: name`.
    fn way_to(&self, span: &Seen) -> Vec<String> {
        let parent = self.0.iter().find(|other| other.id == span.parent);
        assert!(parent.is_some() || span.parent == CLIENT, "{} has lost its parent", span.name);
        let mut way = parent.map_or_else(Vec::new, |parent| self.way_to(parent));
        way.push(format!("{}: {}", span.service, span.name));
        way
    }

    /// The ways to the spans of this name in this function.
    fn ways(&self, function: &str, name: &str) -> Vec<Vec<String>> {
        let found = self.0.iter().filter(|span| span.service == function && span.name == name);
        found.map(|span| self.way_to(span)).collect()
    }

    fn find(&self, function: &str, name: &str) -> Vec<&Seen> {
        self.0.iter().filter(|span| span.service == function && span.name == name).collect()
    }
}

fn assert_is_whole(trace: &Trace, queue: &impl Fn(&str) -> String) {
    // Nothing of it hangs in the air.
    trace.0.iter().for_each(|span| drop(trace.way_to(span)));
    let placed = "api-orders: POST /v1/orders".to_owned();
    let sent = format!("stream-outbox-relay: send {}", queue("FulfilmentQueue"));
    let handled = format!("queue-fulfilment: process {}", queue("FulfilmentQueue"));
    assert_eq!(
        trace.ways("api-orders", "DynamoDB.TransactWriteItems"),
        [[&placed[..], "api-orders: DynamoDB.TransactWriteItems"]]
    );
    let calling = ["queue-fulfilment: OrderSaga call", "queue-fulfilment: POST payment-gateway"];
    let expected: Vec<&str> = [&placed[..], &sent, &handled].into_iter().chain(calling).collect();
    let charges = trace.ways("queue-fulfilment", "POST payment-gateway");
    assert!(charges.iter().any(|way| *way == expected), "{charges:#?}");
    let mailed = trace.ways("queue-emails", "SESv2.SendEmail");
    let confirmed = [
        "queue-fulfilment: OrderSaga commit".to_owned(),
        format!("stream-outbox-relay: send {}", queue("EmailsQueue")),
        format!("queue-emails: process {}", queue("EmailsQueue")),
        "queue-emails: SESv2.SendEmail".to_owned(),
    ];
    let expected: Vec<String> = [placed, sent, handled].into_iter().chain(confirmed).collect();
    assert_eq!(mailed, [expected]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_is_one_trace_from_the_request_to_the_e_mail_that_confirms_it() {
    for header in [("traceparent", TRACEPARENT), ("x-amzn-trace-id", X_RAY)] {
        let watched = Fixture::open().await;
        assert_eq!(watched.order(header).await.status, StatusCode::CREATED);
        watched.confirmed(async || {}).await;
        let trace = watched.told().await;
        let queue =
            |id: &str| watched.shop.stack().queue_url(id).unwrap().rsplit('/').next().unwrap().to_owned();
        assert_is_whole(&trace, &queue);
        let server = trace.find("api-orders", "POST /v1/orders")[0];
        assert_eq!((server.kind.as_str(), server.failed), ("Server", false));
        assert_eq!(
            (&server.facts["http.route"][..], &server.facts["http.response.status_code"][..]),
            ("/v1/orders", "201")
        );
        let call = trace.find("queue-fulfilment", "POST payment-gateway")[0];
        assert_eq!((&call.kind[..], &call.facts["http.response.status_code"][..]), ("Client", "200"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_comes_back_goes_on_in_its_trace() {
    let watched = Fixture::open().await;
    let rule = Rule::on(Operation::Any, Effect::Fail { status: 503 });
    watched.shop.stack().payments().add_fault_rule(rule);
    assert_eq!(watched.order(("traceparent", TRACEPARENT)).await.status, StatusCode::CREATED);
    let handled = || async {
        let calls = watched.trace().0.into_iter().filter(|span| span.name == "POST payment-gateway");
        let failed: Vec<Seen> = calls.filter(|span| span.failed).collect();
        (!failed.is_empty()).then_some(failed)
    };
    let failed = eventually("the gateway failed in the trace", handled).await;
    assert_eq!(failed[0].facts["http.response.status_code"], "503");
    watched.shop.stack().payments().clear_fault_rules();
    let redeliver = async || {
        watched.shop.stack().redeliver().await;
    };
    watched.confirmed(redeliver).await;
    let trace = watched.told().await;
    let queue = |id: &str| watched.shop.stack().queue_url(id).unwrap().rsplit('/').next().unwrap().to_owned();
    assert_is_whole(&trace, &queue);
    let handlings = trace.find("queue-fulfilment", &format!("process {}", queue("FulfilmentQueue"))).len();
    assert!(handlings >= 2, "handled {handlings} times");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_letter_that_is_redriven_goes_on_in_the_trace_that_it_died_in() {
    let watched = Fixture::open().await;
    let shop = &watched.shop;
    let admin = shop.user_with_role("admin", Role::Admin).await;
    let url = shop.stack().queue_url("FulfilmentQueue").unwrap();
    let text =
        aws_sdk_sqs::types::MessageAttributeValue::builder().data_type("String").string_value(TRACEPARENT);
    let poison = shop.sqs().send_message().queue_url(url).message_body("nothing that reads");
    poison.message_attributes("traceparent", text.build().unwrap()).send().await.unwrap();
    let list = || async {
        let path = "/v1/dead-letters?queue=fulfilment&status=dead";
        let list = shop.ask(Method::GET, path).by(&admin).send().await.data(StatusCode::OK);
        list[0]["id"].as_str().map(str::to_owned)
    };
    let letter = eventually("the message is dead", list).await;
    let redrive = shop.ask(Method::POST, &format!("/v1/dead-letters/{letter}/redrive")).by(&admin);
    assert_eq!(redrive.key("r1").send().await.status, StatusCode::OK);
    let sent = || async {
        let trace = watched.trace();
        trace.0.into_iter().find(|span| span.kind == "Producer" && span.parent == CLIENT)
    };
    let sent = eventually("it is sent again within its trace", sent).await;
    assert_eq!(sent.service, "stream-outbox-relay");
}
