//! Signals to processes that this one has started.

use rustix::process::{Pid, Signal, kill_process};

/// Asks a process to end. One that has ended already hears nothing.
pub(super) fn terminate(id: u32) {
    let id = i32::try_from(id).ok().and_then(Pid::from_raw);
    let _ = id.map(|id| kill_process(id, Signal::TERM));
}
