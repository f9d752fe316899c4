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

#[tokio::test]
async fn documentation_cannot_be_framed_and_stores_no_token() {
    let (_marketplace, api) = open().await;
    for path in ["/docs", "/docs/", "/docs/swagger-ui.css"] {
        let response = api.get(path).await;
        let policy = response.header("content-security-policy").unwrap();
        assert!(policy.contains("; frame-ancestors 'none'"), "{path}: {policy}");
        assert_eq!(response.header("x-content-type-options").unwrap(), "nosniff", "{path}");
    }
    let settings = api.get("/docs/swagger-initializer.js").await;
    let settings = String::from_utf8(settings.bytes).unwrap();
    assert!(settings.contains("\"persistAuthorization\": false"), "{settings}");
}

/// RFC 9110, section 12.5.1: a browser asks for HTML only.
#[tokio::test]
async fn documentation_page_is_negotiated_as_html() {
    let (_marketplace, api) = open().await;
    for (path, accept, status) in [
        ("/docs", "text/html", 303),
        ("/docs/", "text/html", 200),
        ("/docs/", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", 200),
        ("/docs/swagger-ui.css", "text/css,*/*;q=0.1", 200),
        ("/docs/", "application/json", 406),
        ("/docs/", "text/html;q=0, */*", 406),
        ("/openapi.json", "application/json", 200),
        ("/openapi.json", "text/html", 406),
    ] {
        let response = api.get(path).header("accept", accept).await;
        assert_eq!(response.status.as_u16(), status, "{path} {accept}");
    }
}

/// RFC 9110, section 9.3.2.
#[tokio::test]
async fn head_of_the_documentation_has_the_headers_of_get() {
    let (_marketplace, api) = open().await;
    for path in ["/docs", "/docs/", "/docs/swagger-ui.css", "/docs/absent.js", "/openapi.json", "/absent"] {
        for accepted in ["identity", "gzip"] {
            let get = api.get(path).header("accept-encoding", accepted).await;
            let head = api.request("HEAD", path).header("accept-encoding", accepted).await;
            assert_eq!((head.status, &head.headers), (get.status, &get.headers), "{path} {accepted}");
            assert_eq!(head.header("content-length").unwrap(), get.bytes.len().to_string(), "{path}");
            assert!(head.bytes.is_empty(), "{path}");
        }
    }
}
