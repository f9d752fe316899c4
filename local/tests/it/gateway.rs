use bytes::Bytes;
use http::Request;
use http_body_util::Full;

use super::{API, get, probes, send};

#[tokio::test(flavor = "multi_thread")]
async fn request_becomes_an_event_and_output_a_response() {
    let (builder, _folder) = probes(API);
    let stack = builder.start().await.unwrap();
    let request = Request::post(format!("{}/things/1?a=b", stack.url()))
        .header("content-type", "application/json")
        .header("x-mine", "yes")
        .body(Full::new(Bytes::from_static(b"{}")))
        .unwrap();
    let response = send(request).await;
    let event = response.json();
    assert_eq!(response.status, 200);
    assert_eq!(response.headers["set-cookie"], "probe=1");
    assert!(response.headers.contains_key("apigw-requestid"));
    assert_eq!((&event["version"], &event["routeKey"]), (&"2.0".into(), &"$default".into()));
    assert_eq!((&event["headers"]["x-mine"], &event["body"]), (&"yes".into(), &"{}".into()));

    let event = get(&stack, "/things/1").await.json();
    assert_eq!(event["routeKey"], "GET /things/{id}");
    assert_eq!(event["pathParameters"]["id"], "1");
    assert_eq!(event["requestContext"]["http"]["sourceIp"], "127.0.0.1");
    stack.shutdown().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn function_failures_return_generic_errors() {
    let (builder, _folder) = probes(API);
    let stack = builder.start().await.unwrap();
    for (path, status, message) in [
        ("/error", 500, "Internal Server Error"),
        ("/exit", 500, "Internal Server Error"),
        ("/hang", 503, "Service Unavailable"),
    ] {
        let response = get(&stack, path).await;
        assert_eq!((response.status, &response.json()["message"]), (status, &message.into()), "{path}");
    }
    assert_eq!(get(&stack, "/fine").await.status, 200);
    let stats = stack.stats()["api-probe"];
    assert_eq!((stats.errors, stats.crashes, stats.timeouts), (1, 1, 1));
    stack.shutdown().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn body_larger_than_10_mb_is_refused() {
    let (builder, _folder) = probes(API);
    let stack = builder.start().await.unwrap();
    let body = Full::new(Bytes::from(vec![b'x'; 10 * 1024 * 1024 + 1]));
    let response = send(Request::post(stack.url()).body(body).unwrap()).await;
    assert_eq!(response.status, 413);
    stack.shutdown().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn preflight_requests_do_not_invoke_the_function() {
    let (builder, _folder) = probes(API);
    let stack = builder.start().await.unwrap();
    let preflight = |origin: &str| {
        let request = Request::options(stack.url())
            .header("origin", origin)
            .header("access-control-request-method", "GET");
        send(request.body(Full::default()).unwrap())
    };
    let response = preflight("http://shop.test").await;
    assert_eq!((response.status, response.body.as_str()), (204, ""));
    assert_eq!(response.headers["access-control-allow-origin"], "http://shop.test");
    assert!(!preflight("http://other.test").await.headers.contains_key("access-control-allow-origin"));
    assert_eq!(stack.stats()["api-probe"].invocations, 0);
    stack.shutdown().await.unwrap();
}
