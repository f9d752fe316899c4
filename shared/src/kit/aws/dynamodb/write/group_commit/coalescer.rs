//! Asks that are made at the same time, answered together.

use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures::FutureExt;
use futures::future::{BoxFuture, Shared};
use tokio::sync::{Mutex as Turn, oneshot};

/// Gathers asks into groups: those made in the same moment, and those made while the group before them is under way, of
/// which there is one at a time.
///
/// Nobody waits for company: who is alone goes alone. And nobody depends on somebody else's patience: a group is driven by
/// whichever of its members is polled, and goes on as long as one of them waits.
#[derive(Debug)]
pub(super) struct Coalescer<A, B> {
    open: Arc<Mutex<Option<Group<A, B>>>>,
    turn: Arc<Turn<()>>,
}

/// Who goes together next.
#[derive(Debug)]
struct Group<A, B> {
    members: Vec<Member<A, B>>,
    end: Shared<BoxFuture<'static, ()>>,
}

#[derive(Debug)]
struct Member<A, B> {
    ask: A,
    answer: oneshot::Sender<B>,
}

impl<A, B> Default for Coalescer<A, B> {
    fn default() -> Self {
        Self { open: Arc::default(), turn: Arc::default() }
    }
}

impl<A: Send + 'static, B: Send + 'static> Coalescer<A, B> {
    /// The answer to `ask`, which is given together with those to the other asks of its group, by the `together` of
    /// the first of them: one answer for each ask, in their order. `None` if it gave too few.
    pub(super) async fn ask<F>(
        &self,
        ask: A,
        together: impl FnOnce(Vec<A>) -> F + Send + 'static,
    ) -> Option<B>
    where
        F: Future<Output = Vec<B>> + Send + 'static,
    {
        let (answer, mut given) = oneshot::channel();
        let end = {
            let mut open = lock(&self.open);
            let group = open.get_or_insert_with(|| {
                let end = Self::group(Arc::clone(&self.open), Arc::clone(&self.turn), together);
                Group { members: Vec::new(), end: end.boxed().shared() }
            });
            group.members.push(Member { ask, answer });
            group.end.clone()
        };
        // Lets everybody ask who is about to.
        tokio::task::yield_now().await;
        end.await;
        given.try_recv().ok()
    }

    async fn group<F>(
        open: Arc<Mutex<Option<Group<A, B>>>>,
        turn: Arc<Turn<()>>,
        together: impl FnOnce(Vec<A>) -> F + Send,
    ) where
        F: Future<Output = Vec<B>> + Send,
    {
        let _turn = turn.lock().await;
        let members = lock(&open).take().map(|group| group.members).unwrap_or_default();
        let waiting = members.into_iter().filter(|member| !member.answer.is_closed());
        let (asks, answers): (Vec<A>, Vec<_>) = waiting.map(|member| (member.ask, member.answer)).unzip();
        for (member, answer) in answers.into_iter().zip(together(asks).await) {
            // Somebody who gave up meanwhile is not told.
            let _ = member.send(answer);
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

    /// Doubles numbers, tells which went together, and takes as long as nobody lets it go on.
    struct Doubling {
        batcher: Coalescer<u32, u32>,
        groups: UnboundedSender<Vec<u32>>,
        go: Arc<Turn<UnboundedReceiver<()>>>,
    }

    impl Doubling {
        fn new() -> (Self, UnboundedReceiver<Vec<u32>>, UnboundedSender<()>) {
            let (groups, seen) = unbounded_channel();
            let (let_go, go) = unbounded_channel();
            (Self { batcher: Coalescer::default(), groups, go: Arc::new(Turn::new(go)) }, seen, let_go)
        }

        async fn double(&self, number: u32) -> Option<u32> {
            let (groups, go) = (self.groups.clone(), Arc::clone(&self.go));
            self.batcher
                .ask(number, move |numbers| async move {
                    groups.send(numbers.clone()).unwrap();
                    go.lock().await.recv().await;
                    numbers.into_iter().map(|number| 2 * number).collect()
                })
                .await
        }
    }

    #[tokio::test]
    async fn those_who_ask_at_once_are_answered_together_each_with_its_own() {
        let (doubling, mut groups, go) = Doubling::new();
        go.send(()).unwrap();
        let answers = join_all([3, 1, 2].map(|number| doubling.double(number))).await;
        assert_eq!(answers, [Some(6), Some(2), Some(4)]);
        assert_eq!(groups.recv().await, Some(vec![3, 1, 2]));
    }

    #[tokio::test]
    async fn those_who_ask_while_a_group_is_under_way_are_the_next_one() {
        let (doubling, mut groups, go) = Doubling::new();
        let late = async {
            assert_eq!(groups.recv().await, Some(vec![1]));
            let both = join_all([2, 3].map(|number| doubling.double(number)));
            let let_go = async { (go.send(()).unwrap(), go.send(()).unwrap()) };
            tokio::join!(both, let_go).0
        };
        let (first, rest) = tokio::join!(doubling.double(1), late);
        assert_eq!((first, rest), (Some(2), vec![Some(4), Some(6)]));
        assert_eq!(groups.recv().await, Some(vec![2, 3]));
    }

    #[tokio::test]
    async fn a_group_goes_on_without_whoever_began_it() {
        let (doubling, mut groups, go) = Doubling::new();
        let (mut begins, mut patient) = (Box::pin(doubling.double(1)), Box::pin(doubling.double(2)));
        tokio::select! {
            biased;
            _ = &mut begins => panic!("nobody let it go on"),
            _ = &mut patient => panic!("nobody let it go on"),
            seen = groups.recv() => assert_eq!(seen, Some(vec![1, 2])),
        }
        drop(begins);
        go.send(()).unwrap();
        assert_eq!(patient.await, Some(4));
    }

    #[tokio::test]
    async fn who_gave_up_before_a_group_went_is_not_asked_for() {
        let (doubling, mut groups, go) = Doubling::new();
        let mut gives_up = Box::pin(doubling.double(1));
        assert!(futures::poll!(&mut gives_up).is_pending());
        drop(gives_up);
        go.send(()).unwrap();
        assert_eq!(doubling.double(2).await, Some(4));
        assert_eq!(groups.recv().await, Some(vec![2]));
    }
}
