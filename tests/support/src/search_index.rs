//! Direct updates of the search index.

use shared::kit::command::{Command, Store};
use shared::kit::system::clock::{Clock, SystemClock};
use shared::projections::search_index::DocumentId;
use shared::projections::search_index::update_index::{Embedded, IndexDocument};
use shared::search::Embedder;

use crate::fixture::test_context;

/// Indexes the current state of a document, as the consumer of its event does.
///
/// # Panics
/// If the update fails.
pub async fn index(store: &impl Store, embedder: &impl Embedder, id: DocumentId) {
    let now = SystemClock.now();
    let mut index = IndexDocument { id, embedder: embedder.name(), embedded: None };
    let state = store.load(index.reads()).await.expect("the document is read");
    if let Some(text) = index.to_embed(&state, now) {
        let embedding = embedder.embed(&text).await.expect("the text is embedded");
        index.embedded = Some(Embedded { digest: text.digest(), embedding });
    }
    store.execute_on(state, index, &test_context(now)).await.expect("the document is indexed");
}
