//! Figures in documents: each table stands between two marks that name it.

use std::fs;
use std::io;
use std::path::Path;

/// A place in a document that figures are put into.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MarkedSection {
    /// The document, below the workspace's folder.
    pub document: &'static str,
    /// What its marks name it.
    pub name: &'static str,
}

/// Why nothing is read from a document or written into it.
#[derive(Debug, thiserror::Error)]
pub enum DocumentError {
    /// It cannot be read or written.
    #[error("{0}: {1}")]
    File(&'static str, io::Error),
    /// There is no such place in it.
    #[error("{0} has no lines <!-- {1}: begin --> and <!-- {1}: end -->")]
    NoPlace(&'static str, &'static str),
}

impl MarkedSection {
    /// What stands there.
    ///
    /// # Errors
    /// [`DocumentError`].
    pub fn read(&self) -> Result<String, DocumentError> {
        let text = self.document()?;
        let (_, inside, _) = self.parts(&text)?;
        Ok(inside.trim().to_owned())
    }

    /// Puts something else there.
    ///
    /// # Errors
    /// [`DocumentError`].
    pub fn write(&self, figures: &str) -> Result<(), DocumentError> {
        let text = self.document()?;
        let (before, _, after) = self.parts(&text)?;
        let text = format!("{before}\n{}\n{after}", figures.trim());
        fs::write(self.path(), text).map_err(|error| DocumentError::File(self.document, error))
    }

    fn path(&self) -> impl AsRef<Path> + use<> {
        test_support::workspace(self.document)
    }

    fn document(&self) -> Result<String, DocumentError> {
        fs::read_to_string(self.path()).map_err(|error| DocumentError::File(self.document, error))
    }

    /// What comes before the place, with its mark; the place; what comes behind it.
    fn parts<'a>(&self, text: &'a str) -> Result<(&'a str, &'a str, &'a str), DocumentError> {
        let missing = || DocumentError::NoPlace(self.document, self.name);
        let (begin, end) = (format!("<!-- {}: begin -->", self.name), format!("<!-- {}: end -->", self.name));
        let from = text.find(&begin).ok_or_else(missing)? + begin.len();
        let to = from + text[from..].find(&end).ok_or_else(missing)?;
        Ok((&text[..from], &text[from..to], &text[to..]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLACE: MarkedSection = MarkedSection { document: "any", name: "here" };

    #[test]
    fn a_place_is_found_between_its_own_marks_and_nowhere_else() {
        let text =
            "a\n<!-- there: begin -->x<!-- there: end -->\n<!-- here: begin -->\n1\n<!-- here: end -->\nb";
        let (before, inside, after) = PLACE.parts(text).unwrap();
        assert_eq!(inside, "\n1\n");
        assert_eq!(format!("{before}{inside}{after}"), text);
        assert!(PLACE.parts("<!-- here: begin --> and no end").is_err());
    }
}
