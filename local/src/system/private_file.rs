//! Files that contain secrets.

use std::{
    fs::{self, OpenOptions},
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::Path,
};

use crate::system::aws_ids;

/// Writes a file that only its owner can read. The file is replaced atomically: readers see either the old or
/// the new contents, also after a crash.
///
/// # Errors
/// Any error from writing the file.
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
        // The draft contains secrets, too. If it cannot be removed, the caller still gets the error of the
        // write.
        let _ = fs::remove_file(&draft);
    }
    written
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn replaced_file_is_readable_by_its_owner_only() {
        let folder = std::env::temp_dir().join(format!("local-private-{}", aws_ids::uuid()));
        fs::create_dir_all(&folder).unwrap();
        let path = folder.join("secrets.json");
        fs::write(&path, "open to all").unwrap();
        write(&path, b"secret").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "secret");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 1, "the draft is removed");
        assert!(write(&folder.join("nowhere/secrets.json"), b"secret").is_err());
        fs::remove_dir_all(&folder).unwrap();
    }
}
