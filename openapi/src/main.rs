//! Writes the OpenAPI description to the file that `api-meta` serves.

use std::path::Path;

fn main() -> std::io::Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new("."));
    std::fs::write(root.join(openapi::PATH), openapi::text())
}
