//! Size of each function: zip file, binary and peak memory.

use std::fs;
use std::io::{self, Write};
use std::path::Path;

use flate2::Compression;
use flate2::write::DeflateEncoder;
use test_support::lambda_event::{cases, event_from_file};

use crate::fixture::Fixture;
use crate::implementations::Implementation;
use crate::procfs::Process;
use crate::runner::Runner;

/// Upper bound of the headers of a zip file that contains one file.
const ZIP_OVERHEAD: u64 = 256;

/// Sizes of a function, in bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Size {
    /// Name of the function.
    pub function: String,
    /// Size of the binary.
    pub binary: u64,
    /// Size of the uploaded zip file.
    pub zip: u64,
}

impl Size {
    /// Measures the binary of a function in `folder`.
    ///
    /// # Errors
    /// If the binary cannot be read.
    pub fn of(folder: &Path, function: &str) -> io::Result<Self> {
        let binary = fs::read(folder.join(function))?;
        let mut counter = DeflateEncoder::new(Counter(0), Compression::best());
        counter.write_all(&binary)?;
        let Counter(deflated) = counter.finish()?;
        let binary = u64::try_from(binary.len()).unwrap_or(u64::MAX);
        Ok(Self { function: function.to_owned(), binary, zip: deflated + ZIP_OVERHEAD })
    }
}

/// Peak memory of each function in KiB, after it has handled all of its sample events in `events/`.
///
/// # Panics
/// If a function does not respond.
pub async fn peaks(fixture: &Fixture, runner: &Runner) -> Vec<(String, u64)> {
    let mut peaks = Vec::new();
    for function in &fixture.app.stack().deployment().functions {
        let binary = (Implementation::Ours, function.stem.as_str());
        for case in cases(&function.stem) {
            let _ = runner.invoke(binary, &event_from_file(&function.stem, &case)).await;
        }
        let peak = runner.process(binary).and_then(Process::peak);
        peaks.push((function.stem.clone(), peak.expect("the process is running")));
    }
    peaks
}

/// Writer that only counts bytes.
struct Counter(u64);

impl Write for Counter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repetitive_binary_compresses_and_missing_binary_is_an_error() {
        let folder = std::env::temp_dir().join(format!("bench-size-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("api-x"), vec![b'x'; 1_000_000]).unwrap();
        let size = Size::of(&folder, "api-x").unwrap();
        assert_eq!(size.binary, 1_000_000);
        assert!((ZIP_OVERHEAD..10_000).contains(&size.zip), "{size:?}");
        assert!(Size::of(&folder, "api-y").is_err());
        fs::remove_dir_all(folder).unwrap();
    }
}
