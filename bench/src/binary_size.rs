//! How large a function is: what is uploaded, what is loaded, and how much memory it ever has.

use std::fs;
use std::io::{self, Write};
use std::path::Path;

use flate2::Compression;
use flate2::write::DeflateEncoder;
use test_support::lambda_event::{cases, of_file};

use crate::fixture::Fixture;
use crate::implementations::Implementation;
use crate::procfs::Process;
use crate::runner::Runner;

/// What a zip file holds besides its compressed content, with one file in it: less than this.
const ENVELOPE: u64 = 256;

/// The size of a function, in bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Size {
    /// The function.
    pub function: String,
    /// Its binary.
    pub binary: u64,
    /// The zip file that is uploaded.
    pub zip: u64,
}

impl Size {
    /// The size of a binary in a folder.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn of(folder: &Path, function: &str) -> io::Result<Self> {
        let binary = fs::read(folder.join(function))?;
        let mut counter = DeflateEncoder::new(Counter(0), Compression::best());
        counter.write_all(&binary)?;
        let Counter(deflated) = counter.finish()?;
        let binary = u64::try_from(binary.len()).unwrap_or(u64::MAX);
        Ok(Self { function: function.to_owned(), binary, zip: deflated + ENVELOPE })
    }
}

/// The most memory that each function had, in KiB, once it has had every one of its events under `events/`.
///
/// # Panics
/// If one of them does not answer.
pub async fn peaks(stage: &Fixture, theatre: &Runner) -> Vec<(String, u64)> {
    let mut peaks = Vec::new();
    for function in &stage.shop.stack().deployment().functions {
        let who = (Implementation::Ours, function.stem.as_str());
        for case in cases(&function.stem) {
            let _ = theatre.invoke(who, &of_file(&function.stem, &case)).await;
        }
        let peak = theatre.process(who).and_then(Process::peak);
        peaks.push((function.stem.clone(), peak.expect("the process runs")));
    }
    peaks
}

/// Counts bytes, and keeps none.
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
    fn what_repeats_itself_is_smaller_in_a_zip_file_and_what_is_not_there_has_no_size() {
        let folder = std::env::temp_dir().join(format!("bench-size-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("api-x"), vec![b'x'; 1_000_000]).unwrap();
        let size = Size::of(&folder, "api-x").unwrap();
        assert_eq!(size.binary, 1_000_000);
        assert!((ENVELOPE..10_000).contains(&size.zip), "{size:?}");
        assert!(Size::of(&folder, "api-y").is_err());
        fs::remove_dir_all(folder).unwrap();
    }
}
