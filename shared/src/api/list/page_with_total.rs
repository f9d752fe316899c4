//! Pages with the total number of items of their list.

use std::future::Future;

use futures::TryFutureExt;
use futures::future::try_join;

use crate::kit::command::StoreError;
use crate::kit::command::page::ListPage;
use crate::kit::error::ApiError;

/// Reads a page and the total of its list concurrently.
///
/// # Errors
/// [`ApiError`] if either cannot be read.
pub async fn with_total<T, E: Into<ApiError>>(
    page: impl Future<Output = Result<ListPage<T>, E>>,
    total: impl Future<Output = Result<u64, StoreError>>,
) -> Result<ListPage<T>, ApiError> {
    let (page, total) = try_join(page.map_err(E::into), total.map_err(ApiError::from)).await?;
    Ok(page.with_total(total))
}

#[cfg(test)]
mod tests {
    use tokio::sync::Barrier;

    use super::*;

    #[tokio::test]
    async fn page_and_total_are_read_concurrently() {
        // Each waits until the other has started.
        let started = Barrier::new(2);
        let page = async {
            started.wait().await;
            Ok::<_, ApiError>(ListPage { items: vec!["a"], next: None, min_total: 1, total: None })
        };
        let total = async {
            started.wait().await;
            Ok(7)
        };
        assert_eq!(with_total(page, total).await.unwrap().total, Some(7));
    }
}
