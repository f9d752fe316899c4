//! Traces from a request to its last effect.

use http::{Method, StatusCode};
use serde_json::json;
use shared::domain::user::Role;
use stripe_sandbox::{Effect, Operation, Rule};
use test_support::app::{TestResponse, eventually};
use test_support::collector::RecordedSpan;
use test_support::{Collector, TestApp, TestUser};

/// Parent context of the client, in W3C format and in AWS X-Ray format.
const CLIENT: &str = "00f067aa0ba902b7";
const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const TRACEPARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
const X_RAY: &str = "Root=1-4bf92f35-77b34da6a3ce929d0e0e4736;Parent=00f067aa0ba902b7;Sampled=1";

/// A stack that exports to a collector, with a buyer and a product.
struct Fixture {
    app: TestApp,
    collector: Collector,
    buyer: TestUser,
    product: String,
}

impl Fixture {
    async fn open() -> Self {
        let collector = Collector::open().await;
        let endpoint = collector.endpoint();
        let app = TestApp::start_with(|builder| {
            builder.parameter("OtlpEndpoint", endpoint).parameter("PaymentGatewayBreakerOpenSeconds", "1")
        })
        .await;
        let (seller, buyer) = (app.register("seller").await, app.register("buyer").await);
        let product = app.product(&seller, 1_999, 100).await;
        app.wait_until_idle().await;
        Self { app, collector, buyer, product }
    }

    /// Places an order with this trace header.
    async fn order(&self, header: (&str, &str)) -> TestResponse {
        let order = json!({ "items": [{ "productId": self.product, "quantity": 1 }], "paymentMethod": "pm_card_visa" });
        let request = self.app.request(Method::POST, "/v1/orders").by(&self.buyer).key("k1").json(&order);
        request.header(header.0, header.1).send().await
    }

    /// Waits for the confirmation e-mail, calling `before_poll` before each poll.
    async fn wait_for_confirmation(&self, before_poll: impl AsyncFn()) {
        let emailed = || async {
            before_poll().await;
            let sent = self.app.stack().mail().sent_to(&self.buyer.email);
            sent.iter().any(|email| email.tags["kind"] == "order-confirmed").then_some(())
        };
        eventually("the order is confirmed", emailed).await;
    }

    /// The complete trace, after the stack is idle and all instances have flushed their spans.
    async fn complete_trace(&self) -> Trace {
        self.app.wait_until_idle().await;
        self.app.stack().deploy(&self.app.stack().parameters()).await.unwrap();
        self.trace()
    }

    fn trace(&self) -> Trace {
        Trace(self.collector.spans().into_iter().filter(|span| span.trace == TRACE).collect())
    }
}

/// The spans of one trace.
#[derive(Debug)]
struct Trace(Vec<RecordedSpan>);

impl Trace {
    /// Ancestors of a span and the span itself, from the root, as `function: name`.
    fn path_to(&self, span: &RecordedSpan) -> Vec<String> {
        let parent = self.0.iter().find(|other| other.id == span.parent);
        assert!(parent.is_some() || span.parent == CLIENT, "the parent of {} is missing", span.name);
        let mut path = parent.map_or_else(Vec::new, |parent| self.path_to(parent));
        path.push(format!("{}: {}", span.service, span.name));
        path
    }

    /// Paths to the spans of this name in a function.
    fn paths(&self, function: &str, name: &str) -> Vec<Vec<String>> {
        let found = self.0.iter().filter(|span| span.service == function && span.name == name);
        found.map(|span| self.path_to(span)).collect()
    }

    fn find(&self, function: &str, name: &str) -> Vec<&RecordedSpan> {
        self.0.iter().filter(|span| span.service == function && span.name == name).collect()
    }
}

fn assert_complete(trace: &Trace, queue: &impl Fn(&str) -> String) {
    // Each span has its parent.
    trace.0.iter().for_each(|span| drop(trace.path_to(span)));
    let placed = "api-orders: POST /v1/orders".to_owned();
    let sent = format!("stream-outbox-relay: send {}", queue("FulfilmentQueue"));
    let handled = format!("queue-fulfilment: process {}", queue("FulfilmentQueue"));
    assert_eq!(
        trace.paths("api-orders", "DynamoDB.TransactWriteItems"),
        [[&placed[..], "api-orders: DynamoDB.TransactWriteItems"]]
    );
    let call = ["queue-fulfilment: OrderSaga call", "queue-fulfilment: POST payment-gateway"];
    let expected: Vec<&str> = [&placed[..], &sent, &handled].into_iter().chain(call).collect();
    let charges = trace.paths("queue-fulfilment", "POST payment-gateway");
    assert!(charges.iter().any(|path| *path == expected), "{charges:#?}");
    let emailed = [
        format!("stream-outbox-relay: send {}", queue("EmailsQueue")),
        format!("queue-emails: process {}", queue("EmailsQueue")),
        "queue-emails: SESv2.SendEmail".to_owned(),
    ];
    let of_placement: Vec<String> = [placed.clone()].into_iter().chain(emailed.clone()).collect();
    let committed = "queue-fulfilment: OrderSaga commit".to_owned();
    // One e-mail to the buyer and one to the seller.
    let of_confirmation: Vec<String> =
        [placed, sent, handled, committed].into_iter().chain(emailed).collect();
    let mut sent_emails = trace.paths("queue-emails", "SESv2.SendEmail");
    sent_emails.sort_by_key(Vec::len);
    assert_eq!(sent_emails, [of_placement, of_confirmation.clone(), of_confirmation]);
}

/// Checks that the steps of the saga are events of the span in which the message was handled.
fn assert_steps(trace: &Trace, queue: &str, order: &str) {
    let handled = trace.find("queue-fulfilment", &format!("process {queue}"));
    assert!(handled.iter().all(|span| span.attributes["agora.order.id"] == order), "{handled:#?}");
    assert!(
        handled.iter().all(|span| span.attributes["agora.market.id"].starts_with("mkt_")),
        "{handled:#?}"
    );
    let steps: Vec<&str> = handled.iter().flat_map(|span| event_names(span)).collect();
    assert_eq!(steps, ["order.reserved", "order.charged", "order.confirmed"]);
}

fn event_names(span: &RecordedSpan) -> Vec<&str> {
    span.events.iter().map(|(name, _)| name.as_str()).collect()
}

/// Type and message of the exceptions that a span records.
fn exceptions(span: &RecordedSpan) -> Vec<(&str, &str)> {
    let exceptions = span.events.iter().filter(|(name, _)| name == "exception");
    exceptions.map(|(_, of)| (&of["exception.type"][..], &of["exception.message"][..])).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn order_is_one_trace_from_request_to_confirmation_email() {
    for header in [("traceparent", TRACEPARENT), ("x-amzn-trace-id", X_RAY)] {
        let fixture = Fixture::open().await;
        let placed = fixture.order(header).await.data(StatusCode::CREATED);
        let order = placed["id"].as_str().unwrap().to_owned();
        fixture.wait_for_confirmation(async || {}).await;
        let trace = fixture.complete_trace().await;
        let queue =
            |id: &str| fixture.app.stack().queue_url(id).unwrap().rsplit('/').next().unwrap().to_owned();
        assert_complete(&trace, &queue);
        assert_steps(&trace, &queue("FulfilmentQueue"), &order);
        let server = trace.find("api-orders", "POST /v1/orders")[0];
        assert_eq!(server.attributes["agora.order.id"], order);
        assert_eq!((server.kind.as_str(), server.failed), ("Server", false));
        assert_eq!(
            (&server.attributes["http.route"][..], &server.attributes["http.response.status_code"][..]),
            ("/v1/orders", "201")
        );
        let call = trace.find("queue-fulfilment", "POST payment-gateway")[0];
        assert_eq!((&call.kind[..], &call.attributes["http.response.status_code"][..]), ("Client", "200"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn redelivered_message_continues_its_trace() {
    let fixture = Fixture::open().await;
    let rule = Rule::on(Operation::Any, Effect::Fail { status: 503 });
    fixture.app.stack().payments().add_fault_rule(rule);
    assert_eq!(fixture.order(("traceparent", TRACEPARENT)).await.status, StatusCode::CREATED);
    let handled = || async {
        let calls = fixture.trace().0.into_iter().filter(|span| span.name == "POST payment-gateway");
        let failed: Vec<RecordedSpan> = calls.filter(|span| span.failed).collect();
        (!failed.is_empty()).then_some(failed)
    };
    let failed = eventually("the gateway failed in the trace", handled).await;
    assert_eq!(failed[0].attributes["http.response.status_code"], "503");
    assert_eq!(exceptions(&failed[0]), [("ServiceError", "the service responded with status 503")]);
    fixture.app.stack().payments().clear_fault_rules();
    let redeliver = async || {
        fixture.app.stack().redeliver().await;
    };
    fixture.wait_for_confirmation(redeliver).await;
    let trace = fixture.complete_trace().await;
    let queue = |id: &str| fixture.app.stack().queue_url(id).unwrap().rsplit('/').next().unwrap().to_owned();
    assert_complete(&trace, &queue);
    let deliveries = trace.find("queue-fulfilment", &format!("process {}", queue("FulfilmentQueue")));
    assert!(deliveries.len() >= 2, "processed {} times", deliveries.len());
    let reasons: Vec<_> = deliveries.iter().filter(|span| span.failed).map(|span| exceptions(span)).collect();
    assert!(!reasons.is_empty() && reasons.iter().all(|of| of.len() == 1), "{reasons:?}");
    assert!(matches!(reasons[0][0], ("retry", "the payment gateway does not respond")));
    let call = trace.find("queue-fulfilment", "OrderSaga call").into_iter().find(|span| span.failed).unwrap();
    let (kind, message) = exceptions(call)[0];
    assert!(kind.ends_with("::FailedStep"), "{kind}");
    assert!(message.starts_with("charging: the payment gateway does not respond"), "{message}");
}

#[tokio::test(flavor = "multi_thread")]
async fn redriven_dead_letter_continues_its_trace() {
    let fixture = Fixture::open().await;
    let app = &fixture.app;
    let admin = app.user_with_role("admin", Role::Admin).await;
    let url = app.stack().queue_url("FulfilmentQueue").unwrap();
    let text =
        aws_sdk_sqs::types::MessageAttributeValue::builder().data_type("String").string_value(TRACEPARENT);
    let poison = app.sqs().send_message().queue_url(url).message_body("not an event");
    poison.message_attributes("traceparent", text.build().unwrap()).send().await.unwrap();
    let list = || async {
        let path = "/v1/dead-letters?queue=fulfilment&status=dead";
        let list = app.request(Method::GET, path).by(&admin).send().await.data(StatusCode::OK);
        list[0]["id"].as_str().map(str::to_owned)
    };
    let dead_letter = eventually("the message is dead-lettered", list).await;
    let redrive = app.request(Method::POST, &format!("/v1/dead-letters/{dead_letter}/redrive")).by(&admin);
    assert_eq!(redrive.key("r1").send().await.status, StatusCode::OK);
    let sent = || async {
        let trace = fixture.trace();
        trace.0.into_iter().find(|span| span.kind == "Producer" && span.parent == CLIENT)
    };
    let sent = eventually("the message is sent again in its trace", sent).await;
    assert_eq!(sent.service, "stream-outbox-relay");
}

#[tokio::test(flavor = "multi_thread")]
async fn cancelled_order_shows_its_compensation() {
    let fixture = Fixture::open().await;
    let app = &fixture.app;
    let placed = fixture.order(("traceparent", TRACEPARENT)).await.data(StatusCode::CREATED);
    let order = placed["id"].as_str().unwrap().to_owned();
    fixture.wait_for_confirmation(async || {}).await;
    let cancel = app.request(Method::POST, &format!("/v1/orders/{order}/cancel")).by(&fixture.buyer);
    let cancelled = cancel.json(&json!({ "reason": "too late" })).send().await;
    assert_eq!(cancelled.status, StatusCode::OK, "{}", cancelled.text);
    fixture.complete_trace().await;
    let spans = fixture.collector.spans();
    let of_order: Vec<&RecordedSpan> =
        spans.iter().filter(|span| span.attributes.get("agora.order.id") == Some(&order)).collect();
    let steps: Vec<&str> = of_order.iter().flat_map(|span| event_names(span)).collect();
    assert!(steps.ends_with(&["order.refunded", "order.compensated"]), "{steps:?}");
    let names: Vec<&str> = of_order.iter().map(|span| span.name.as_str()).collect();
    assert!(names.contains(&"POST /v1/orders/{id}/cancel"), "{names:?}");
}
