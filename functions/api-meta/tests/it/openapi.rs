//! The API description and the documentation page.

use http::StatusCode;

use crate::open;

#[tokio::test]
async fn description_is_a_cacheable_openapi_document() {
    let (_marketplace, api) = open().await;
    let response = api.get("/openapi.json").await;
    assert_eq!(response.status, StatusCode::OK);
    assert_eq!(response.header("cache-control").unwrap(), "public, max-age=300");
    let document = response.json();
    assert_eq!(document["openapi"], "3.1.0");
    assert_eq!(document["paths"]["/v1/orders"]["post"]["operationId"], "placeOrder");
}

#[tokio::test]
async fn gzip_reduces_the_description_to_a_tenth() {
    let (_marketplace, api) = open().await;
    let whole = api.get("/openapi.json").await.bytes.len();
    let response = api.get("/openapi.json").header("accept-encoding", "gzip").await;
    assert_eq!(response.header("content-encoding").unwrap(), "gzip");
    assert!(response.bytes.len() < whole / 10, "{} of {whole} bytes", response.bytes.len());
}

#[tokio::test]
async fn documentation_page_loads_only_own_files() {
    let (_marketplace, api) = open().await;
    let page = api.get("/docs").await;
    assert_eq!(page.header("location").unwrap(), "/docs/");
    let page = api.get("/docs/").await;
    assert!(page.header("content-security-policy").unwrap().starts_with("default-src 'self'"));
    assert_eq!(page.header("cache-control").unwrap(), "public, max-age=300");
    let html = String::from_utf8(page.bytes).unwrap();
    let parts: Vec<&str> = html
        .split(['"'])
        .filter(|part| [".js", ".css", ".png"].iter().any(|end| part.ends_with(end)))
        .collect();
    assert!(parts.len() >= 5, "{parts:?}");
    for part in parts {
        assert!(!part.contains("//"), "{part} is loaded from another origin");
        let response = api.get(&format!("/docs/{}", part.trim_start_matches("./"))).await;
        assert_eq!(response.status, StatusCode::OK, "{part}");
        assert!(!response.bytes.is_empty(), "{part}");
    }
    let settings = api.get("/docs/swagger-initializer.js").await;
    assert!(String::from_utf8(settings.bytes).unwrap().contains("\"/openapi.json\""));
}
