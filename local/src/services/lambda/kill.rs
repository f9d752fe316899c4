//! Signals to child processes.

use rustix::process::{Pid, Signal, kill_process};

/// Sends SIGTERM to a process. Does nothing if it has exited already.
pub(super) fn terminate(id: u32) {
    let id = i32::try_from(id).ok().and_then(Pid::from_raw);
    let _ = id.map(|id| kill_process(id, Signal::TERM));
}
