//! Several commands at once: one load for all, one transaction for those that do not touch each other.

use std::collections::HashSet;

use super::schema::receipt_key;
use super::store::DynamoStore;
use super::transaction::{MAX_ITEMS, NotCommitted, Transaction, touched};
use crate::clock::{Clock, Entropy};
use crate::command::{
    Cause, Change, Command, Ended, ExecuteError, Executed, Key, Loaded, Reads, Store, StoreError,
};

/// A decided command that waits to be committed with its group.
struct Member<D: Command> {
    position: usize,
    change: Change<D::Output, D::Error>,
}

/// Carries out `commands`; those of a group whose transaction fails are carried out one by one, as is every command
/// that touches what an earlier one of its group touches.
pub(super) async fn execute_all<D: Command + Clone, C: Clock, R: Entropy>(
    store: &DynamoStore<C, R>,
    commands: Vec<(D, Cause)>,
) -> Vec<Ended<D>> {
    let reads: Vec<Reads<D::State>> = commands.iter().map(|(command, _)| command.reads()).collect();
    let receipts: Vec<Key> =
        commands.iter().filter_map(|(_, cause)| cause.receipt.as_ref().map(receipt_key)).collect();
    let keys = reads.iter().flat_map(Reads::keys).chain(&receipts);
    let loaded = match store.fetch(keys).await {
        Ok(loaded) => loaded,
        Err(error) => return commands.iter().map(|_| Err(error.clone().into())).collect(),
    };
    let mut ended: Vec<Option<Ended<D>>> = Vec::with_capacity(commands.len());
    let mut group = Group::new();
    for (position, ((command, cause), reads)) in commands.iter().zip(reads).enumerate() {
        ended.push(match decide(store, command, cause, &reads, &loaded) {
            Decision::Ended(end) if end.is_ok() || !group.touches(reads.keys()) => Some(*end),
            // Refused on what an earlier command of the batch is about to change: decided again, alone, and what it
            // will write then is not known.
            Decision::Ended(_) => {
                group.close();
                None
            }
            Decision::Change(change) => {
                group.admit(position, *change, cause, reads.keys());
                None
            }
        });
    }
    for (position, end) in group.commit(store, &commands).await {
        ended[position] = Some(end);
    }
    let mut answers = Vec::with_capacity(ended.len());
    for (end, (command, cause)) in ended.into_iter().zip(&commands) {
        answers.push(match end {
            Some(end) => end,
            None => store.execute(command.clone(), cause).await,
        });
    }
    answers
}

enum Decision<D: Command> {
    Ended(Box<Ended<D>>),
    Change(Box<Change<D::Output, D::Error>>),
}

fn decide<D: Command, C: Clock, R: Entropy>(
    store: &DynamoStore<C, R>,
    command: &D,
    cause: &Cause,
    reads: &Reads<D::State>,
    loaded: &Loaded,
) -> Decision<D> {
    let receipt = cause.receipt.as_ref().map(receipt_key);
    if let Some(item) = receipt.and_then(|key| loaded.item(&key).cloned()) {
        match store.replay(item, cause) {
            Ok(Some(answer)) => return Decision::Ended(Box::new(Ok(Executed::AlreadyDone(answer)))),
            Ok(None) => {}
            Err(error) => return Decision::Ended(Box::new(Err(error))),
        }
    }
    match reads.assemble(loaded) {
        Err(error) => Decision::Ended(Box::new(Err(StoreError::from(error).into()))),
        Ok(state) => match command.decide(state, cause.at) {
            Ok(change) => Decision::Change(Box::new(change)),
            Err(refusal) => Decision::Ended(Box::new(Err(ExecuteError::Refused(refusal)))),
        },
    }
}

/// Changes that touch no item of each other and fit one transaction.
struct Group<D: Command> {
    members: Vec<Member<D>>,
    /// What members write, and what those read and write who are done alone afterwards.
    touched: HashSet<Key>,
    items: usize,
    closed: bool,
}

impl<D: Command> Group<D> {
    fn new() -> Self {
        Self { members: Vec::new(), touched: HashSet::new(), items: 0, closed: false }
    }

    /// Whether an earlier command writes one of `keys`, or may.
    fn touches(&self, keys: &[Key]) -> bool {
        self.closed || keys.iter().any(|key| self.touched.contains(key))
    }

    /// Takes nobody in any more.
    fn close(&mut self) {
        self.closed = true;
    }

    /// Takes the change in, unless it was decided on or touches what is touched already, or there is no room; it is done
    /// alone then, in its turn.
    fn admit(&mut self, position: usize, change: Change<D::Output, D::Error>, cause: &Cause, read: &[Key]) {
        let keys: Vec<Key> =
            touched(change.writes()).cloned().chain(cause.receipt.as_ref().map(receipt_key)).collect();
        let items = keys.len() + change.events().len();
        if self.items + items <= MAX_ITEMS && !self.touches(&keys) && !self.touches(read) {
            self.items += items;
            self.members.push(Member { position, change });
        } else {
            self.touched.extend(read.iter().cloned());
        }
        self.touched.extend(keys);
    }

    /// Commits the group in one transaction, and says what became of its members; nothing of those who have to be
    /// carried out alone, because one of them stood in the way of all. Where the end is not known, it is not known for
    /// each of them.
    async fn commit<C: Clock, R: Entropy>(
        self,
        store: &DynamoStore<C, R>,
        commands: &[(D, Cause)],
    ) -> Vec<(usize, Ended<D>)> {
        let mut transaction = Transaction::new();
        let mut outputs = Vec::with_capacity(self.members.len());
        for Member { position, change } in self.members {
            match store.add(&mut transaction, change, &commands[position].1) {
                Ok(output) => outputs.push((position, output)),
                Err(_) => return Vec::new(),
            }
        }
        let committed = if transaction.is_empty() { Ok(()) } else { transaction.commit(&store.table).await };
        match committed {
            Ok(()) => outputs
                .into_iter()
                .map(|(position, output)| (position, Ok(Executed::Committed(output))))
                .collect(),
            Err(NotCommitted::Store(error)) => {
                outputs.into_iter().map(|(position, _)| (position, Err(error.clone().into()))).collect()
            }
            Err(
                NotCommitted::AlreadyDone(_)
                | NotCommitted::Refused(_)
                | NotCommitted::Twin
                | NotCommitted::Lost,
            ) => Vec::new(),
        }
    }
}
