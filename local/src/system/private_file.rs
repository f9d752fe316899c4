//! Files that hold secrets.

use std::{
    fs::{self, OpenOptions},
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::Path,
};

use crate::system::aws_ids;

/// Writes a file that only its owner may read. Whoever reads it meanwhile sees the old text or the new one, never a
/// part; a crash leaves one of the two.
///
/// # Errors
/// Whatever writing fails with.
pub fn write(path: &Path, text: &[u8]) -> io::Result<()> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let draft = path.with_file_name(format!(".{name}.{}", aws_ids::uuid()));
    let written = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&draft)
        .and_then(|mut file| file.write_all(text).and_then(|()| file.sync_all()))
        .and_then(|()| fs::rename(&draft, path));
    if written.is_err() {
        // The draft holds secrets as well; that it may be left behind is said by the error.
        let _ = fs::remove_file(&draft);
    }
    written
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn only_the_owner_reads_what_is_written_even_over_an_open_file() {
        let folder = std::env::temp_dir().join(format!("local-private-{}", aws_ids::uuid()));
        fs::create_dir_all(&folder).unwrap();
        let path = folder.join("secrets.json");
        fs::write(&path, "open to all").unwrap();
        write(&path, b"secret").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "secret");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 1, "no draft is left behind");
        assert!(write(&folder.join("nowhere/secrets.json"), b"secret").is_err());
        fs::remove_dir_all(&folder).unwrap();
    }
}
