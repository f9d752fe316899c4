//! Request coalescing: concurrent requests are sent as one group.
//!
//! ```text
//! submit 1 --+                                          time ---->
//! submit 2 --+--> group A: [1, 2] ==== in flight ====> results 1, 2
//!                        submit 3 --+
//!                        submit 4 --+--> group B: [3, 4] waits for A ==== in flight ====> results 3, 4
//! ```
//!
//! Requests that are submitted at the same time form a group. Requests that are submitted while a group is in
//! flight form the next group; only one group is in flight at a time.

use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures::FutureExt;
use futures::future::{BoxFuture, Shared};
use tokio::sync::{Mutex as AsyncMutex, oneshot};

/// Collects requests `A` into groups and distributes the results `B`.
///
/// There is no linger: a lone request is sent at once. Any waiting member drives the group, so a cancelled
/// member cannot stall it.
#[derive(Debug)]
pub(super) struct Coalescer<A, B> {
    /// The group that still accepts members.
    open: Arc<Mutex<Option<Group<A, B>>>>,
    /// Locked by the group in flight.
    in_flight: Arc<AsyncMutex<()>>,
}

#[derive(Debug)]
struct Group<A, B> {
    members: Vec<Member<A, B>>,
    /// Completes when all results have been sent to the members. Shared: each member polls it.
    completion: Shared<BoxFuture<'static, ()>>,
}

#[derive(Debug)]
struct Member<A, B> {
    request: A,
    result: oneshot::Sender<B>,
}

impl<A, B> Default for Coalescer<A, B> {
    fn default() -> Self {
        Self { open: Arc::default(), in_flight: Arc::default() }
    }
}

impl<A: Send + 'static, B: Send + 'static> Coalescer<A, B> {
    /// Adds `request` to the open group and returns its result.
    ///
    /// The group is sent by the `send_all` of its first member, which returns one result for each request, in
    /// their order. Returns `None` if it returned too few.
    pub(super) async fn submit<F>(
        &self,
        request: A,
        send_all: impl FnOnce(Vec<A>) -> F + Send + 'static,
    ) -> Option<B>
    where
        F: Future<Output = Vec<B>> + Send + 'static,
    {
        let (sender, mut receiver) = oneshot::channel();
        let completion = {
            let mut open = lock(&self.open);
            let group = open.get_or_insert_with(|| {
                let run = Self::run_group(Arc::clone(&self.open), Arc::clone(&self.in_flight), send_all);
                Group { members: Vec::new(), completion: run.boxed().shared() }
            });
            group.members.push(Member { request, result: sender });
            group.completion.clone()
        };
        // Lets other tasks that are ready submit their requests first.
        tokio::task::yield_now().await;
        completion.await;
        receiver.try_recv().ok()
    }

    /// Waits for the group in flight, closes the open group, and sends its requests.
    async fn run_group<F>(
        open: Arc<Mutex<Option<Group<A, B>>>>,
        in_flight: Arc<AsyncMutex<()>>,
        send_all: impl FnOnce(Vec<A>) -> F + Send,
    ) where
        F: Future<Output = Vec<B>> + Send,
    {
        let _in_flight = in_flight.lock().await;
        let members = lock(&open).take().map(|group| group.members).unwrap_or_default();
        let waiting = members.into_iter().filter(|member| !member.result.is_closed());
        let (requests, senders): (Vec<A>, Vec<_>) =
            waiting.map(|member| (member.request, member.result)).unzip();
        for (sender, result) in senders.into_iter().zip(send_all(requests).await) {
            // Fails if the member was cancelled meanwhile.
            let _ = sender.send(result);
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use futures::future::join_all;
    use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

    use super::*;

    /// Doubles numbers, reports each group, and completes a group when it is released.
    struct Doubling {
        coalescer: Coalescer<u32, u32>,
        groups: UnboundedSender<Vec<u32>>,
        releases: Arc<AsyncMutex<UnboundedReceiver<()>>>,
    }

    impl Doubling {
        fn new() -> (Self, UnboundedReceiver<Vec<u32>>, UnboundedSender<()>) {
            let (groups, observed) = unbounded_channel();
            let (release, releases) = unbounded_channel();
            let releases = Arc::new(AsyncMutex::new(releases));
            (Self { coalescer: Coalescer::default(), groups, releases }, observed, release)
        }

        async fn double(&self, number: u32) -> Option<u32> {
            let (groups, releases) = (self.groups.clone(), Arc::clone(&self.releases));
            self.coalescer
                .submit(number, move |numbers| async move {
                    groups.send(numbers.clone()).unwrap();
                    releases.lock().await.recv().await;
                    numbers.into_iter().map(|number| 2 * number).collect()
                })
                .await
        }
    }

    #[tokio::test]
    async fn concurrent_requests_form_one_group_with_own_results() {
        let (doubling, mut groups, release) = Doubling::new();
        release.send(()).unwrap();
        let results = join_all([3, 1, 2].map(|number| doubling.double(number))).await;
        assert_eq!(results, [Some(6), Some(2), Some(4)]);
        assert_eq!(groups.recv().await, Some(vec![3, 1, 2]));
    }

    #[tokio::test]
    async fn requests_during_a_group_in_flight_form_the_next_group() {
        let (doubling, mut groups, release) = Doubling::new();
        let late = async {
            assert_eq!(groups.recv().await, Some(vec![1]));
            let both = join_all([2, 3].map(|number| doubling.double(number)));
            let release_both = async { (release.send(()).unwrap(), release.send(()).unwrap()) };
            tokio::join!(both, release_both).0
        };
        let (first, rest) = tokio::join!(doubling.double(1), late);
        assert_eq!((first, rest), (Some(2), vec![Some(4), Some(6)]));
        assert_eq!(groups.recv().await, Some(vec![2, 3]));
    }

    #[tokio::test]
    async fn group_completes_after_its_first_member_is_cancelled() {
        let (doubling, mut groups, release) = Doubling::new();
        let (mut first, mut second) = (Box::pin(doubling.double(1)), Box::pin(doubling.double(2)));
        tokio::select! {
            biased;
            _ = &mut first => panic!("the group was not released"),
            _ = &mut second => panic!("the group was not released"),
            group = groups.recv() => assert_eq!(group, Some(vec![1, 2])),
        }
        drop(first);
        release.send(()).unwrap();
        assert_eq!(second.await, Some(4));
    }

    #[tokio::test]
    async fn request_cancelled_before_its_group_starts_is_not_sent() {
        let (doubling, mut groups, release) = Doubling::new();
        let mut cancelled = Box::pin(doubling.double(1));
        assert!(futures::poll!(&mut cancelled).is_pending());
        drop(cancelled);
        release.send(()).unwrap();
        assert_eq!(doubling.double(2).await, Some(4));
        assert_eq!(groups.recv().await, Some(vec![2]));
    }
}
