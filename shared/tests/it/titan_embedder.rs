//! The embedder of Bedrock, on a service that speaks its `InvokeModel` API.

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
use tokio::net::TcpListener;

/// What the service was asked: paths and bodies.
type Asked = Arc<Mutex<Vec<(String, Value)>>>;

/// A model that answers always the same.
struct Model {
    embedder: ConfiguredEmbedder,
    asked: Asked,
}

impl Model {
    async fn answering(status: u16, error: Option<&'static str>, body: Value) -> Self {
        let asked = Asked::default();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let script = (status, error, body, Arc::clone(&asked));
        let router = Router::new().fallback(answer).with_state(script);
        tokio::spawn(async move { axum::serve(listener, router).await });
        let env = environment("titan").with("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", &endpoint);
        let embedder = ConfiguredEmbedder::from_env(&env, &Aws::from_env(&env).unwrap()).unwrap();
        Self { embedder, asked }
    }
}

fn environment(embedder: &str) -> Environment {
    Environment::of([
        ("AWS_REGION", "eu-central-1"),
        ("AWS_ACCESS_KEY_ID", "local"),
        ("AWS_SECRET_ACCESS_KEY", "local"),
        ("AGORA_EMBEDDER", embedder),
    ])
}

async fn answer(
    State((status, error, body, asked)): State<(u16, Option<&'static str>, Value, Asked)>,
    uri: Uri,
    request: String,
) -> impl IntoResponse {
    asked.lock().unwrap().push((uri.path().to_owned(), serde_json::from_str(&request).unwrap()));
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
async fn titan_is_asked_as_its_api_has_it_and_its_answer_is_the_embedding() {
    let model = Model::answering(200, None, along(7)).await;
    let passage = DocumentText { title: "Teapot".to_owned(), body: "Blue.".to_owned() };
    let embedding = model.embedder.embed(&passage).await.unwrap();
    assert_eq!(model.embedder.name(), EmbedderName::Titan);
    let asked = json!({ "inputText": "Teapot\nBlue.", "dimensions": 256, "normalize": true });
    let path = "/model/amazon.titan-embed-text-v2%3A0/invoke".to_owned();
    assert_eq!(*model.asked.lock().unwrap(), [(path, asked)]);
    let same = Model::answering(200, None, along(7)).await.embedder.embed(&passage).await.unwrap();
    let next = Model::answering(200, None, along(8)).await.embedder.embed(&passage).await.unwrap();
    let far = Model::answering(200, None, along(100)).await.embedder.embed(&passage).await.unwrap();
    assert_eq!(embedding.similarity(&same).get(), 10_000);
    assert_eq!(embedding.similarity(&next).get(), 0, "they point apart");
    assert_eq!(embedding.similarity(&far).get(), 0);
}

#[tokio::test]
async fn what_titan_does_not_answer_is_told_from_what_it_refuses() {
    let passage = DocumentText::of_query("teapot");
    let no = json!({ "message": "no" });
    let throttled = Model::answering(429, Some("ThrottlingException"), no.clone()).await;
    assert!(matches!(throttled.embedder.embed(&passage).await, Err(EmbedError::Throttled)));
    assert_eq!(throttled.asked.lock().unwrap().len(), 3, "the client tries again by itself");
    let down = Model::answering(503, Some("ServiceUnavailableException"), no.clone()).await;
    assert!(matches!(down.embedder.embed(&passage).await, Err(EmbedError::Unavailable(_))));
    let refusing = Model::answering(400, Some("ValidationException"), no).await;
    assert!(matches!(refusing.embedder.embed(&passage).await, Err(EmbedError::Rejected(_))));
    for answer in [json!({ "embedding": [0.5] }), json!({ "vector": [] })] {
        let odd = Model::answering(200, None, answer).await;
        assert!(matches!(odd.embedder.embed(&passage).await, Err(EmbedError::Rejected(_))));
    }
}

#[tokio::test]
async fn the_template_chooses_the_embedder_in_the_function_and_a_misspelt_one_stops_the_start() {
    let table = TestTable::open().await;
    for function in ["api-search", "queue-search-index"] {
        let env = table.environment(function);
        let embedder = ConfiguredEmbedder::from_env(&env, &Aws::from_env(&env).unwrap()).unwrap();
        assert_eq!(embedder.name(), EmbedderName::Hashed, "{function}");
    }
    let env = environment("word2vec");
    let error = ConfiguredEmbedder::from_env(&env, &Aws::from_env(&env).unwrap()).unwrap_err();
    assert_eq!(error.to_string(), "AGORA_EMBEDDER must be `embedded` or `titan`");
}
