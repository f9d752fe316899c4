//! Answers that are tables: comma-separated values (RFC 4180), part by part.

use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE, LINK};
use http::{HeaderValue, StatusCode};

use crate::kit::http::openapi::{Operation, OperationOutput};

/// What tables come as.
const MEDIA: &str = "text/csv";

/// A part of a table, to be kept as a file. The parts in their order, one behind the other, are the whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CsvPart {
    /// The part.
    pub text: String,
    /// What the file is called.
    pub name: String,
    /// Where the next part stands, if there is one.
    pub next: Option<String>,
}

impl IntoResponse for CsvPart {
    fn into_response(self) -> Response {
        let mut response = (StatusCode::OK, [(CONTENT_TYPE, MEDIA)], self.text).into_response();
        let attachment = HeaderValue::from_str(&format!("attachment; filename=\"{}\"", self.name));
        // RFC 8288.
        let next = self.next.map(|next| HeaderValue::from_str(&format!("<{next}>; rel=\"next\"")));
        let headers = response.headers_mut();
        headers.extend(attachment.ok().map(|attachment| (CONTENT_DISPOSITION, attachment)));
        headers.extend(next.and_then(Result::ok).map(|next| (LINK, next)));
        response
    }
}

impl OperationOutput for CsvPart {
    fn describe(operation: &mut Operation<'_>) {
        operation.text_response(
            MEDIA,
            "Comma-separated values (RFC 4180); the first line of the first part names them.",
        );
        operation.response_header(CONTENT_DISPOSITION, "The name that a file with it may have.");
        operation.response_header(
            LINK,
            "Where the next part stands, as `rel=\"next\"` (RFC 8288); absent from the last.",
        );
    }
}
