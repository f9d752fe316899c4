//! Bedrock embedder, against a local `InvokeModel` service.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, Uri};
use axum::response::IntoResponse;
use serde_json::{Value, json};
use shared::kit::aws::Aws;
use shared::kit::system::config::Environment;
use shared::projections::search_index::{DocumentText, EmbedderName};
use shared::search::{ConfiguredEmbedder, EmbedError, Embedder};
use test_support::TestTable;
use test_support::sdk_config::sdk_config;
use tokio::net::TcpListener;

/// Paths and bodies of the requests received.
type RecordedRequests = Arc<Mutex<Vec<(String, Value)>>>;

/// Model that always returns the same response.
struct Model {
    embedder: ConfiguredEmbedder,
    requests: RecordedRequests,
}

impl Model {
    async fn responding(status: u16, error: Option<&'static str>, body: Value) -> Self {
        let requests = RecordedRequests::default();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let script = (status, error, body, Arc::clone(&requests));
        let router = Router::new().fallback(respond).with_state(script);
        tokio::spawn(async move { axum::serve(listener, router).await });
        let aws = Aws::new(sdk_config(&endpoint));
        let embedder = ConfiguredEmbedder::from_env(&environment("titan"), &aws).unwrap();
        Self { embedder, requests }
    }
}

fn environment(embedder: &str) -> Environment {
    Environment::of([("AGORA_EMBEDDER", embedder)])
}

async fn respond(
    State((status, error, body, requests)): State<(u16, Option<&'static str>, Value, RecordedRequests)>,
    uri: Uri,
    request: String,
) -> impl IntoResponse {
    requests.lock().unwrap().push((uri.path().to_owned(), serde_json::from_str(&request).unwrap()));
    let kind = [("x-amzn-errortype", error.unwrap_or_default())];
    (StatusCode::from_u16(status).unwrap(), kind, axum::Json(body))
}

/// A unit vector along one axis, with a little of the next.
fn along(axis: usize) -> Value {
    let components: Vec<f64> = (0..256)
        .map(|component| match component {
            c if c == axis => 0.6,
            c if c == axis + 1 => -0.8,
            _ => 0.0,
        })
        .collect();
    json!({ "embedding": components, "inputTextTokenCount": 3 })
}

#[tokio::test]
async fn titan_request_and_response_match_its_api() {
    let model = Model::responding(200, None, along(7)).await;
    let passage = DocumentText { title: "Teapot".to_owned(), body: "Blue.".to_owned() };
    let embedding = model.embedder.embed(&passage).await.unwrap();
    assert_eq!(model.embedder.name(), EmbedderName::Titan);
    let expected = json!({ "inputText": "Teapot\nBlue.", "dimensions": 256, "normalize": true });
    let path = "/model/amazon.titan-embed-text-v2%3A0/invoke".to_owned();
    assert_eq!(*model.requests.lock().unwrap(), [(path, expected)]);
    let same = Model::responding(200, None, along(7)).await.embedder.embed(&passage).await.unwrap();
    let next = Model::responding(200, None, along(8)).await.embedder.embed(&passage).await.unwrap();
    let far = Model::responding(200, None, along(100)).await.embedder.embed(&passage).await.unwrap();
    assert_eq!(embedding.similarity(&same).get(), 10_000);
    assert_eq!(embedding.similarity(&next).get(), 0, "orthogonal embeddings are not similar");
    assert_eq!(embedding.similarity(&far).get(), 0);
}

#[tokio::test]
async fn unavailable_model_and_rejected_text_are_distinguished() {
    let passage = DocumentText::of_query("teapot");
    let error_body = json!({ "message": "no" });
    let throttled = Model::responding(429, Some("ThrottlingException"), error_body.clone()).await;
    assert!(matches!(throttled.embedder.embed(&passage).await, Err(EmbedError::Throttled)));
    assert_eq!(throttled.requests.lock().unwrap().len(), 3, "the client retries");
    let down = Model::responding(503, Some("ServiceUnavailableException"), error_body.clone()).await;
    assert!(matches!(down.embedder.embed(&passage).await, Err(EmbedError::Unavailable(_))));
    let unnamed = Model::responding(502, None, Value::Null).await;
    assert!(matches!(unnamed.embedder.embed(&passage).await, Err(EmbedError::Unavailable(_))));
    let refusing = Model::responding(400, Some("ValidationException"), error_body).await;
    assert!(matches!(refusing.embedder.embed(&passage).await, Err(EmbedError::Rejected(_))));
    for response in [json!({ "embedding": [0.5] }), json!({ "vector": [] })] {
        let malformed = Model::responding(200, None, response).await;
        assert!(matches!(malformed.embedder.embed(&passage).await, Err(EmbedError::Rejected(_))));
    }
}

#[tokio::test]
async fn template_selects_the_built_in_embedder() {
    let table = TestTable::open().await;
    for function in ["api-search", "queue-search-index"] {
        let env = table.environment(function);
        let embedder = ConfiguredEmbedder::from_env(&env, &table.aws()).unwrap();
        assert_eq!(embedder.name(), EmbedderName::Hashed, "{function}");
    }
    let env = environment("word2vec");
    let error = ConfiguredEmbedder::from_env(&env, &table.aws()).unwrap_err();
    assert_eq!(error.to_string(), "AGORA_EMBEDDER must be `embedded` or `titan`");
}
