//! Titan Text Embeddings V2: validation of requests, and embeddings of words.
//!
//! Texts that share words are similar, as with the model; meaning is ignored.

use aws_lc_rs::digest::{SHA256, digest};
use serde::Deserialize;
use serde_json::{Value, json};

/// Maximum number of characters of a text.
const MAX_CHARACTERS: usize = 50_000;

/// Supported numbers of dimensions; the first is the default.
const DIMENSIONS: [usize; 3] = [1_024, 512, 256];

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Request {
    input_text: String,
    dimensions: Option<usize>,
    normalize: Option<bool>,
}

/// Embeds the text of a request.
///
/// # Errors
/// The rule that the request breaks.
pub fn embed(body: &[u8]) -> Result<Value, String> {
    let request: Request = serde_json::from_slice(body).map_err(|error| error.to_string())?;
    let characters = request.input_text.chars().count();
    if characters == 0 {
        return Err("expected minLength: 1, actual: 0".to_owned());
    }
    if characters > MAX_CHARACTERS {
        return Err(format!("expected maxLength: {MAX_CHARACTERS}, actual: {characters}"));
    }
    let dimensions = request.dimensions.unwrap_or(DIMENSIONS[0]);
    if !DIMENSIONS.contains(&dimensions) {
        return Err(format!("{dimensions} is not a valid enum value"));
    }
    let words: Vec<String> =
        request.input_text.to_lowercase().split_whitespace().map(str::to_owned).collect();
    let counts = counts(&words, dimensions);
    let embedding = if request.normalize.unwrap_or(true) { normalised(&counts) } else { floats(&counts) };
    Ok(json!({
        "embedding": embedding,
        "embeddingsByType": { "float": embedding },
        "inputTextTokenCount": words.len(),
    }))
}

/// Number of words by component; the digest of a word determines its component.
fn counts(words: &[String], dimensions: usize) -> Vec<i32> {
    let mut counts = vec![0; dimensions];
    for word in words {
        let digest = digest(&SHA256, word.as_bytes());
        if let [high, low, ..] = digest.as_ref() {
            counts[usize::from(u16::from_be_bytes([*high, *low])) % dimensions] += 1;
        }
    }
    counts
}

fn floats(counts: &[i32]) -> Vec<f64> {
    counts.iter().map(|count| f64::from(*count)).collect()
}

/// The vector of length 1 in the direction of the counts.
#[expect(clippy::float_arithmetic, reason = "embeddings are floating-point numbers")]
fn normalised(counts: &[i32]) -> Vec<f64> {
    let length = f64::from(counts.iter().map(|count| count * count).sum::<i32>()).sqrt();
    floats(counts).into_iter().map(|component| if length > 0.0 { component / length } else { 0.0 }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_validated() {
        let rule = |request: Value| embed(request.to_string().as_bytes()).unwrap_err();
        assert_eq!(rule(json!({ "inputText": "" })), "expected minLength: 1, actual: 0");
        assert!(rule(json!({})).starts_with("missing field `inputText`"));
        assert!(rule(json!({ "inputText": "a", "texts": [] })).starts_with("unknown field `texts`"));
        assert_eq!(rule(json!({ "inputText": "a", "dimensions": 300 })), "300 is not a valid enum value");
        let long = "a".repeat(MAX_CHARACTERS + 1);
        assert_eq!(rule(json!({ "inputText": long })), "expected maxLength: 50000, actual: 50001");
    }

    #[test]
    fn embedding_has_the_requested_form() {
        let request = json!({ "inputText": "blue teapot", "dimensions": 256, "normalize": false });
        let response = embed(request.to_string().as_bytes()).unwrap();
        let components = response["embedding"].as_array().unwrap();
        let sum: f64 = components.iter().filter_map(Value::as_f64).sum();
        assert_eq!((components.len(), sum.to_string()), (256, "2".to_owned()));
        assert_eq!(response["inputTextTokenCount"], 2);
    }
}
