//! Indexing a document: embeds its text if necessary, and commits the changes of the index. Names need no
//! embedding.

use super::embedder::{EmbedError, Embedder};
use crate::kit::command::{Command, CommandContext, ExecuteError, Store};
use crate::projections::name_index::HasName;
use crate::projections::name_index::index_name::IndexName;
use crate::projections::search_index::update_index::{Embedded, IndexDocument, IndexError};

/// Reason why a document was not indexed.
#[derive(Debug, thiserror::Error)]
pub enum IndexFailure {
    /// The text could not be embedded.
    #[error(transparent)]
    Embed(#[from] EmbedError),
    /// The changes were not committed.
    #[error(transparent)]
    Commit(#[from] ExecuteError<IndexError>),
}

/// Loads the document, embeds its text if necessary, and commits the changes of the index.
///
/// # Errors
/// [`IndexFailure`].
pub async fn index_document(
    store: &impl Store,
    embedder: &impl Embedder,
    mut index: IndexDocument,
    context: &CommandContext,
) -> Result<(), IndexFailure> {
    let state = store.load(index.reads()).await.map_err(ExecuteError::from)?;
    if let Some(text) = index.to_embed(&state, context.at) {
        match embedder.embed(&text).await {
            Ok(embedding) => index.embedded = Some(Embedded { digest: text.digest(), embedding }),
            Err(error) => {
                if matches!(error, EmbedError::Rejected(_)) {
                    // Entries of an earlier text would find the document by words that it may not contain.
                    let rejected = Some(text.digest());
                    store.execute_on(state, IndexDocument { rejected, ..index }, context).await?;
                }
                return Err(error.into());
            }
        }
    }
    store.execute_on(state, index, context).await?;
    Ok(())
}

/// Loads the entity and commits the changes of the index of names.
///
/// # Errors
/// [`IndexFailure::Commit`].
pub async fn index_name<N: HasName>(
    store: &impl Store,
    index: IndexName<N>,
    context: &CommandContext,
) -> Result<(), IndexFailure> {
    match store.execute(index, context).await {
        Ok(_) => Ok(()),
        Err(error) => Err(IndexFailure::Commit(error.map_refusal(|never| match never {}))),
    }
}
