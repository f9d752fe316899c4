//! Text files, delivered in parts.

use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE, LINK};
use http::{HeaderValue, StatusCode};

use crate::kit::http::openapi::{Operation, OperationOutput};

/// Part of a text file. The parts, concatenated in order, are the whole file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FilePart {
    /// Format of the file.
    pub format: FileFormat,
    /// Text of the part.
    pub text: String,
    /// File name without the extension.
    pub name: String,
    /// Address of the next part; `None` for the last.
    pub next: Option<String>,
}

/// Format of a text file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileFormat {
    /// Comma-separated values (RFC 4180).
    Csv,
    /// JSON lines: one JSON value per line.
    JsonLines,
}

impl FileFormat {
    /// Media type.
    #[must_use]
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Csv => "text/csv",
            Self::JsonLines => "application/jsonl",
        }
    }

    const fn extension(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::JsonLines => "jsonl",
        }
    }
}

impl IntoResponse for FilePart {
    fn into_response(self) -> Response {
        let media_type = self.format.media_type();
        let mut response = (StatusCode::OK, [(CONTENT_TYPE, media_type)], self.text).into_response();
        let attachment = format!("attachment; filename=\"{}.{}\"", self.name, self.format.extension());
        let attachment = HeaderValue::from_str(&attachment);
        // RFC 8288.
        let next = self.next.map(|next| HeaderValue::from_str(&format!("<{next}>; rel=\"next\"")));
        let headers = response.headers_mut();
        headers.extend(attachment.ok().map(|attachment| (CONTENT_DISPOSITION, attachment)));
        headers.extend(next.and_then(Result::ok).map(|next| (LINK, next)));
        response
    }
}

impl OperationOutput for FilePart {
    const MEDIA_TYPES: &'static [&'static str] =
        &[FileFormat::Csv.media_type(), FileFormat::JsonLines.media_type()];

    fn describe(operation: &mut Operation<'_>) {
        operation.text_response(
            FileFormat::Csv.media_type(),
            "Comma-separated values (RFC 4180). The first line of the first part contains the column names.",
        );
        operation.text_response(
            FileFormat::JsonLines.media_type(),
            "One JSON object per line. No part begins or ends within a line.",
        );
        operation.response_header(CONTENT_DISPOSITION, "Suggested file name.");
        operation.response_header(
            LINK,
            "Address of the next part, as `rel=\"next\"` (RFC 8288); absent on the last part.",
        );
    }
}
