//! Pages that say how many things their list has.

use std::future::Future;

use futures::TryFutureExt;
use futures::future::try_join;

use crate::kit::command::StoreError;
use crate::kit::command::page::ListPage;
use crate::kit::error::ApiError;

/// Reads a page and the length of its list at the same time.
///
/// # Errors
/// [`ApiError`] if either cannot be read.
pub async fn with_total<T, E: Into<ApiError>>(
    page: impl Future<Output = Result<ListPage<T>, E>>,
    length: impl Future<Output = Result<u64, StoreError>>,
) -> Result<ListPage<T>, ApiError> {
    let (page, length) = try_join(page.map_err(E::into), length.map_err(ApiError::from)).await?;
    Ok(page.with_total(length))
}

#[cfg(test)]
mod tests {
    use tokio::sync::Barrier;

    use super::*;

    #[tokio::test]
    async fn the_page_and_the_length_are_read_at_the_same_time() {
        // Neither goes on before the other has begun.
        let begun = Barrier::new(2);
        let page = async {
            begun.wait().await;
            Ok::<_, ApiError>(ListPage { items: vec!["a"], next: None, min_total: 1, total: None })
        };
        let length = async {
            begun.wait().await;
            Ok(7)
        };
        assert_eq!(with_total(page, length).await.unwrap().total, Some(7));
    }
}
