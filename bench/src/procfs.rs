//! CPU time and peak memory of a process, from `/proc/<pid>`; see proc(5).

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

/// A running process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Process {
    id: u32,
}

impl Process {
    /// Refers to the process with this id.
    #[must_use]
    pub const fn new(id: u32) -> Self {
        Self { id }
    }

    /// CPU time of all threads so far, in user mode and in the kernel, in nanoseconds: the first field of
    /// `schedstat`. `None` if the process has terminated.
    #[must_use]
    pub fn cpu(self) -> Option<Duration> {
        let threads = fs::read_dir(self.path("task")).ok()?;
        let times = threads.flatten().filter_map(|thread| {
            // A thread can terminate while the others are read.
            let text = fs::read_to_string(thread.path().join("schedstat")).ok()?;
            text.split_whitespace().next()?.parse().ok().map(Duration::from_nanos)
        });
        Some(times.sum())
    }

    /// Peak memory in KiB: `VmHWM` of `status`. `None` if the process has terminated.
    #[must_use]
    pub fn peak(self) -> Option<u64> {
        peak(&fs::read_to_string(self.path("status")).ok()?)
    }

    fn path(self, file: &str) -> PathBuf {
        PathBuf::from(format!("/proc/{}/{file}", self.id))
    }
}

fn peak(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix(" kB")?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cpu_and_memory_are_read_and_none_for_a_missing_process() {
        let this = Process::new(std::process::id());
        let before = this.cpu().unwrap();
        let sum: u64 = (0..5_000_000_u64).map(std::hint::black_box).sum();
        assert!(this.cpu().unwrap() > before, "{sum}");
        assert!(this.peak().unwrap() > 1_000);
        assert_eq!((Process::new(u32::MAX).cpu(), Process::new(u32::MAX).peak()), (None, None));
    }
}
