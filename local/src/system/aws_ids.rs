//! Random identifiers in the formats of AWS.

use aws_lc_rs::rand;

use crate::system::clock;

fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    // The operating system's generator does not fail in practice, and the identifiers are not secret.
    let _ = rand::fill(&mut bytes);
    bytes
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Generates a random UUID, the format of request ids.
#[must_use]
pub fn uuid() -> String {
    let mut bytes: [u8; 16] = random();
    bytes[6] = (bytes[6] & 0x0f) | 0x40;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    let text = hex(&bytes);
    [&text[..8], &text[8..12], &text[12..16], &text[16..20], &text[20..]].join("-")
}

/// Generates an X-Ray trace header: `Root=1-<seconds in hex>-<96 random bits>`.
#[must_use]
pub fn trace() -> String {
    let seconds = clock::now().as_second();
    format!("Root=1-{seconds:08x}-{}", hex(&random::<12>()))
}

/// Generates a request id in the format of API Gateway.
#[must_use]
pub fn gateway_request() -> String {
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
    format!("{}=", URL_SAFE_NO_PAD.encode(random::<11>()))
}
