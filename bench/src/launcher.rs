//! Scripts in the place of a function's binary, for what cannot be started as it is.

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The functions of `bench/node`, by their names, and the module of each.
const MODULES: [(&str, &str); 2] = [("node-http", "http.mjs"), ("node-queue", "queue.mjs")];

/// Puts a script into `folder` that becomes `command`.
///
/// # Errors
/// If it cannot be written.
pub fn write(folder: &Path, name: &str, command: &str) -> io::Result<()> {
    let script = folder.join(name);
    fs::create_dir_all(folder)?;
    fs::write(&script, format!("#!/bin/sh\nexec {command}\n"))?;
    fs::set_permissions(&script, Permissions::from_mode(0o755))
}

/// Puts scripts into a folder of their own that start the functions for Node in `modules`. What `node` means may be a
/// launcher (a Python wheel's is): its process would be measured, and not Node's.
///
/// # Errors
/// If there is no Node, or a script cannot be written.
pub fn node(modules: &Path) -> io::Result<PathBuf> {
    let told = Command::new("node").args(["-p", "process.execPath"]).output()?;
    let node = String::from_utf8_lossy(&told.stdout).trim().to_owned();
    let (modules, folder) = (fs::canonicalize(modules)?, test_support::workspace("target/bench/node"));
    for (name, module) in MODULES {
        write(&folder, name, &format!("'{node}' '{}'", modules.join(module).display()))?;
    }
    Ok(folder)
}
