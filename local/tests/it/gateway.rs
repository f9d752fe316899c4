use bytes::Bytes;
use http::Request;
use http_body_util::Full;

use super::{API, get, probes, send};

#[tokio::test(flavor = "multi_thread")]
async fn a_request_becomes_an_event_and_the_answer_a_response() {
    let (builder, _folder) = probes(API);
    let stack = builder.start().await.unwrap();
    let request = Request::post(format!("{}/things/1?a=b", stack.url()))
        .header("content-type", "application/json")
        .header("x-mine", "yes")
        .body(Full::new(Bytes::from_static(b"{}")))
        .unwrap();
    let seen = send(request).await;
    let event = seen.json();
    assert_eq!(seen.status, 200);
    assert_eq!(seen.headers["set-cookie"], "probe=1");
    assert!(seen.headers.contains_key("apigw-requestid"));
    assert_eq!((&event["version"], &event["routeKey"]), (&"2.0".into(), &"$default".into()));
    assert_eq!((&event["headers"]["x-mine"], &event["body"]), (&"yes".into(), &"{}".into()));

    let event = get(&stack, "/things/1").await.json();
    assert_eq!(event["routeKey"], "GET /things/{id}");
    assert_eq!(event["pathParameters"]["id"], "1");
    assert_eq!(event["requestContext"]["http"]["sourceIp"], "127.0.0.1");
    stack.shutdown().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn failures_of_a_function_are_opaque_to_the_client() {
    let (builder, _folder) = probes(API);
    let stack = builder.start().await.unwrap();
    for (path, status, message) in [
        ("/error", 500, "Internal Server Error"),
        ("/exit", 500, "Internal Server Error"),
        ("/hang", 503, "Service Unavailable"),
    ] {
        let seen = get(&stack, path).await;
        assert_eq!((seen.status, &seen.json()["message"]), (status, &message.into()), "{path}");
    }
    assert_eq!(get(&stack, "/fine").await.status, 200);
    let stats = stack.stats()["api-probe"];
    assert_eq!((stats.errors, stats.crashes, stats.time_outs), (1, 1, 1));
    stack.shutdown().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_beyond_ten_megabytes_is_refused() {
    let (builder, _folder) = probes(API);
    let stack = builder.start().await.unwrap();
    let body = Full::new(Bytes::from(vec![b'x'; 10 * 1024 * 1024 + 1]));
    let seen = send(Request::post(stack.url()).body(body).unwrap()).await;
    assert_eq!(seen.status, 413);
    stack.shutdown().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn cors_is_the_gateways_business() {
    let (builder, _folder) = probes(API);
    let stack = builder.start().await.unwrap();
    let ask = |origin: &str| {
        let request = Request::options(stack.url())
            .header("origin", origin)
            .header("access-control-request-method", "GET");
        send(request.body(Full::default()).unwrap())
    };
    let seen = ask("http://shop.test").await;
    assert_eq!((seen.status, seen.body.as_str()), (204, ""));
    assert_eq!(seen.headers["access-control-allow-origin"], "http://shop.test");
    assert!(!ask("http://other.test").await.headers.contains_key("access-control-allow-origin"));
    assert_eq!(stack.stats()["api-probe"].invocations, 0);
    stack.shutdown().await.unwrap();
}
