//! `ops keys`: the rotation of signing keys, at the terminal.

use local::keys::RotationBlocked;
use local::keys::store::KeyFolder;
use local::system::{clock, console};

use crate::cli::{KeysArguments, KeysCommand};
use local::keys::rotation::{self, KeysError, describe};

/// Carries the command out and says what is to be done next.
pub(crate) fn run(command: &KeysCommand) -> Result<(), KeysError> {
    match command {
        KeysCommand::Status(keys) => status(&folder(keys)),
        KeysCommand::Rotate(keys) => {
            console::line(describe(&rotation::rotate(&folder(keys), clock::now())?));
            console::line(what_to_do(keys)?);
            Ok(())
        }
        KeysCommand::Init { keys, published } => {
            console::line(describe(&rotation::init(&folder(keys), published.as_deref())?));
            console::line(what_to_do(keys)?);
            Ok(())
        }
        KeysCommand::Deployed(keys) => {
            rotation::deployed(&folder(keys), clock::now())?;
            status(&folder(keys))
        }
    }
}

fn folder(keys: &KeysArguments) -> KeyFolder {
    match &keys.stage {
        Some(stage) => KeyFolder::of_stage(&keys.deployments, stage),
        None => KeyFolder::of_local_stack(&keys.state),
    }
}

fn status(folder: &KeyFolder) -> Result<(), KeysError> {
    let (ring, ready) = rotation::status(folder)?;
    console::line(describe(&ring));
    match ready {
        Ok(ready) if ready <= clock::now() => console::line("the next step is safe now"),
        Ok(ready) => console::line(RotationBlocked::TooEarly(ready)),
        Err(not_yet) => console::line(not_yet),
    }
    Ok(())
}

fn what_to_do(keys: &KeysArguments) -> Result<String, KeysError> {
    let Some(stage) = &keys.stage else {
        return Ok("a running `make dev` takes it on by itself".to_owned());
    };
    let creation = folder(keys).creation()?;
    let creation = creation.map(|creation| format!("create the secret:  {creation}\n")).unwrap_or_default();
    Ok(format!(
        "{creation}\
         deploy it:          make deploy STAGE={stage}\n\
         then note:          target/debug/ops keys deployed --stage {stage}"
    ))
}
