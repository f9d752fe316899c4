//! Launcher scripts that take the place of a function's binary.

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Functions of `bench/node`, with the module of each.
const MODULES: [(&str, &str); 2] = [("node-http", "http.mjs"), ("node-queue", "queue.mjs")];

/// Writes an executable script to `folder` that runs `command` in its own process.
///
/// # Errors
/// If the script cannot be written.
pub fn write(folder: &Path, name: &str, command: &str) -> io::Result<()> {
    let script = folder.join(name);
    fs::create_dir_all(folder)?;
    fs::write(&script, format!("#!/bin/sh\nexec {command}\n"))?;
    fs::set_permissions(&script, Permissions::from_mode(0o755))
}

/// Writes launchers of the Node functions in `modules`, and returns their folder. They run the real Node
/// binary: `node` in `PATH` can be a launcher itself (as in a Python wheel), whose process would be measured
/// instead.
///
/// # Errors
/// If Node is not installed, or a script cannot be written.
pub fn node(modules: &Path) -> io::Result<PathBuf> {
    let output = Command::new("node").args(["-p", "process.execPath"]).output()?;
    let node = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    let (modules, folder) = (fs::canonicalize(modules)?, test_support::workspace("target/bench/node"));
    for (name, module) in MODULES {
        write(&folder, name, &format!("'{node}' '{}'", modules.join(module).display()))?;
    }
    Ok(folder)
}
