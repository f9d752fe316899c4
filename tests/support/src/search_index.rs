//! Documents in the search index, without a queue.

use shared::kit::command::{Command, Store};
use shared::kit::system::clock::{Clock, SystemClock};
use shared::projections::search_index::DocumentId;
use shared::projections::search_index::update_index::{Embedded, IndexDocument};
use shared::search::Embedder;

use crate::fixture::cause;

/// Indexes a document as it is now, as its event would have it.
///
/// # Panics
/// If that fails.
pub async fn index(store: &impl Store, embedder: &impl Embedder, id: DocumentId) {
    let now = SystemClock.now();
    let mut index = IndexDocument { id, embedder: embedder.name(), embedded: None };
    let seen = store.load(index.reads()).await.expect("the document is read");
    if let Some(passage) = index.to_embed(&seen, now) {
        let embedding = embedder.embed(&passage).await.expect("the text is embedded");
        index.embedded = Some(Embedded { digest: passage.digest(), embedding });
    }
    store.execute_on(seen, index, &cause(now)).await.expect("the document is indexed");
}
