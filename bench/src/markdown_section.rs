//! Generated sections of Markdown documents, each between two comment lines with its name.

use std::fs;
use std::io;
use std::path::Path;

/// A generated section of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MarkedSection {
    /// Path of the document, relative to the workspace.
    pub document: &'static str,
    /// Name of the section in its markers.
    pub name: &'static str,
}

/// Error while reading or writing a section.
#[derive(Debug, thiserror::Error)]
pub enum DocumentError {
    /// The document cannot be read or written.
    #[error("{0}: {1}")]
    File(&'static str, io::Error),
    /// The document does not contain the markers.
    #[error("{0} has no lines <!-- {1}: begin --> and <!-- {1}: end -->")]
    MissingSection(&'static str, &'static str),
}

impl MarkedSection {
    /// Reads the content of the section.
    ///
    /// # Errors
    /// [`DocumentError`].
    pub fn read(&self) -> Result<String, DocumentError> {
        let text = self.document()?;
        let (_, inside, _) = self.split(&text)?;
        Ok(inside.trim().to_owned())
    }

    /// Replaces the content of the section.
    ///
    /// # Errors
    /// [`DocumentError`].
    pub fn write(&self, content: &str) -> Result<(), DocumentError> {
        let text = self.document()?;
        let (before, _, after) = self.split(&text)?;
        let text = format!("{before}\n{}\n{after}", content.trim());
        fs::write(self.path(), text).map_err(|error| DocumentError::File(self.document, error))
    }

    fn path(&self) -> impl AsRef<Path> + use<> {
        test_support::workspace(self.document)
    }

    fn document(&self) -> Result<String, DocumentError> {
        fs::read_to_string(self.path()).map_err(|error| DocumentError::File(self.document, error))
    }

    /// Splits a document into the text up to the begin marker, the content, and the text from the end marker.
    fn split<'a>(&self, text: &'a str) -> Result<(&'a str, &'a str, &'a str), DocumentError> {
        let missing = || DocumentError::MissingSection(self.document, self.name);
        let (begin, end) = (format!("<!-- {}: begin -->", self.name), format!("<!-- {}: end -->", self.name));
        let from = text.find(&begin).ok_or_else(missing)? + begin.len();
        let to = from + text[from..].find(&end).ok_or_else(missing)?;
        Ok((&text[..from], &text[from..to], &text[to..]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECTION: MarkedSection = MarkedSection { document: "any", name: "here" };

    #[test]
    fn section_is_found_between_its_own_markers_only() {
        let text =
            "a\n<!-- there: begin -->x<!-- there: end -->\n<!-- here: begin -->\n1\n<!-- here: end -->\nb";
        let (before, inside, after) = SECTION.split(text).unwrap();
        assert_eq!(inside, "\n1\n");
        assert_eq!(format!("{before}{inside}{after}"), text);
        assert!(SECTION.split("<!-- here: begin --> and no end").is_err());
    }
}
