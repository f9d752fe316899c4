//! Takes on the keys that `local keys rotate` has written, while the functions go on serving.

use std::{convert::Infallible, error::Error, path::Path, time::Duration};

use crate::Stack;
use crate::keys::DeployedKeys;
use crate::keys::store::KeyFolder;
use crate::system::{clock, console};

/// How often the files are looked at.
const EVERY: Duration = Duration::from_secs(1);

/// Follows the keys in the state folder for as long as the stack runs.
pub(super) async fn follow(stack: &Stack, state: &Path) {
    let Err(error) = take_on_changes(stack, &KeyFolder::of_local_stack(state)).await;
    console::problem(format_args!("keys that sign tokens are not rotated any more: {error}"));
    std::future::pending::<()>().await;
}

async fn take_on_changes(stack: &Stack, folder: &KeyFolder) -> Result<Infallible, Box<dyn Error>> {
    loop {
        if let Some(running) = DeployedKeys::of_parameters(&stack.parameters(), clock::now()) {
            folder.note_live(&running)?;
        }
        let wanted = wanted(stack, folder).await?;
        stack.deploy(&wanted).await?;
        console::line("the functions have taken on the keys; `local keys status` says what comes next");
    }
}

/// The values of the ring, as soon as they are other ones than the stack's.
async fn wanted(stack: &Stack, folder: &KeyFolder) -> Result<crate::template::Parameters, Box<dyn Error>> {
    loop {
        clock::sleep(EVERY).await;
        let Some(ring) = folder.ring()? else { continue };
        let (wanted, running) = (ring.parameters(), stack.parameters());
        if wanted.iter().any(|(name, value)| running.get(name) != Some(value)) {
            return Ok(wanted);
        }
    }
}
