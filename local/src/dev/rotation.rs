//! Deploys the keys that `ops keys rotate` has written, without restarting the stack.

use std::{convert::Infallible, error::Error, path::Path, time::Duration};

use crate::Stack;
use crate::keys::rotation::DeployedKeys;
use crate::keys::store::KeyStore;
use crate::system::{clock, console};

/// Interval at which the key files are read.
const POLL_INTERVAL: Duration = Duration::from_secs(1);

/// Deploys key changes in the state folder for as long as the stack runs.
pub(super) async fn follow(stack: &Stack, state: &Path) {
    let Err(error) = deploy_changes(stack, &KeyStore::of_local_stack(state)).await;
    console::problem(format_args!("signing keys are no longer rotated: {error}"));
    std::future::pending::<()>().await;
}

async fn deploy_changes(stack: &Stack, store: &KeyStore) -> Result<Infallible, Box<dyn Error>> {
    loop {
        if let Some(running) = DeployedKeys::of_parameters(&stack.parameters(), clock::now()) {
            store.record_deployed(&running)?;
        }
        let parameters = wait_for_changes(stack, store).await?;
        stack.deploy(&parameters).await?;
        console::line("the keys are deployed to the functions; `ops keys status` shows the next step");
    }
}

/// Waits until the key parameters of the stored ring differ from those of the stack, and returns the new
/// ones.
async fn wait_for_changes(
    stack: &Stack,
    store: &KeyStore,
) -> Result<crate::template::Parameters, Box<dyn Error>> {
    loop {
        clock::sleep(POLL_INTERVAL).await;
        let Some(ring) = store.ring()? else { continue };
        let (parameters, running) = (ring.parameters(), stack.parameters());
        if parameters.iter().any(|(name, value)| running.get(name) != Some(value)) {
            return Ok(parameters);
        }
    }
}
