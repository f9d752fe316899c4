//! The API's description, and the page that shows it.

use http::StatusCode;

use crate::{ask, open};

#[tokio::test]
async fn the_description_is_an_openapi_document_that_may_be_kept_for_a_while() {
    let (_scene, router) = open().await;
    let answer = ask(&router, "GET", "/openapi.json").await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.header("cache-control").unwrap(), "public, max-age=300");
    let document = answer.json();
    assert_eq!(document["openapi"], "3.1.0");
    assert_eq!(document["paths"]["/v1/orders"]["post"]["operationId"], "placeOrder");
}

#[tokio::test]
async fn whoever_accepts_gzip_gets_the_description_in_a_tenth_of_its_size() {
    let (_scene, router) = open().await;
    let whole = ask(&router, "GET", "/openapi.json").await.bytes.len();
    let headers = [("accept-encoding", "gzip")];
    let event = test_support::lambda_event::of_request("GET", "/openapi.json", &headers, None);
    let answer = test_support::lambda_event::send(&router, &event).await;
    assert_eq!(answer.header("content-encoding").unwrap(), "gzip");
    assert!(answer.bytes.len() < whole / 10, "{} of {whole} bytes", answer.bytes.len());
}

#[tokio::test]
async fn the_page_is_made_of_parts_that_are_all_served_from_here() {
    let (_scene, router) = open().await;
    let page = ask(&router, "GET", "/docs").await;
    assert_eq!(page.header("location").unwrap(), "/docs/");
    let page = ask(&router, "GET", "/docs/").await;
    assert!(page.header("content-security-policy").unwrap().starts_with("default-src 'self'"));
    assert_eq!(page.header("cache-control").unwrap(), "public, max-age=300");
    let html = String::from_utf8(page.bytes).unwrap();
    let parts: Vec<&str> = html
        .split(['"'])
        .filter(|part| [".js", ".css", ".png"].iter().any(|end| part.ends_with(end)))
        .collect();
    assert!(parts.len() >= 5, "{parts:?}");
    for part in parts {
        assert!(!part.contains("//"), "{part} comes from elsewhere");
        let answer = ask(&router, "GET", &format!("/docs/{}", part.trim_start_matches("./"))).await;
        assert_eq!(answer.status, StatusCode::OK, "{part}");
        assert!(!answer.bytes.is_empty(), "{part}");
    }
    let settings = ask(&router, "GET", "/docs/swagger-initializer.js").await;
    assert!(String::from_utf8(settings.bytes).unwrap().contains("\"/openapi.json\""));
}
