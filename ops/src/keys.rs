//! `ops keys`: rotation of signing keys.

use local::keys::commands::{self, KeysError, describe};
use local::keys::rotation::RotationBlocked;
use local::keys::store::KeyStore;
use local::system::{clock, console};

use crate::cli::{KeysArguments, KeysCommand};

/// Executes the command and prints the next steps.
pub(crate) fn run(command: &KeysCommand) -> Result<(), KeysError> {
    match command {
        KeysCommand::Status(keys) => status(&key_store(keys)),
        KeysCommand::Rotate(keys) => {
            console::line(describe(&commands::rotate(&key_store(keys), clock::now())?));
            console::line(next_steps(keys)?);
            Ok(())
        }
        KeysCommand::Init { keys, published } => {
            console::line(describe(&commands::init(&key_store(keys), published.as_deref())?));
            console::line(next_steps(keys)?);
            Ok(())
        }
        KeysCommand::Deployed(keys) => {
            commands::deployed(&key_store(keys), clock::now())?;
            status(&key_store(keys))
        }
    }
}

fn key_store(keys: &KeysArguments) -> KeyStore {
    match &keys.stage {
        Some(stage) => KeyStore::of_stage(&keys.deployments, stage),
        None => KeyStore::of_local_stack(&keys.state),
    }
}

fn status(key_store: &KeyStore) -> Result<(), KeysError> {
    let (ring, ready) = commands::status(key_store)?;
    console::line(describe(&ring));
    match ready {
        Ok(ready) if ready <= clock::now() => console::line("the next step is safe now"),
        Ok(ready) => console::line(RotationBlocked::TooEarly(ready)),
        Err(blocked) => console::line(blocked),
    }
    Ok(())
}

fn next_steps(keys: &KeysArguments) -> Result<String, KeysError> {
    let Some(stage) = &keys.stage else {
        return Ok("a running `make dev` deploys it automatically".to_owned());
    };
    let secret = key_store(keys).secret_to_create()?;
    let create_secret = secret.map(|secret| format!("create the secret:  {secret}\n")).unwrap_or_default();
    Ok(format!(
        "{create_secret}\
         deploy:             make deploy STAGE={stage}\n\
         record it:          target/debug/ops keys deployed --stage {stage}"
    ))
}
