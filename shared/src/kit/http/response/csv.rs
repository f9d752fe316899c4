//! CSV responses (RFC 4180), delivered in parts.

use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE, LINK};
use http::{HeaderValue, StatusCode};

use crate::kit::http::openapi::{Operation, OperationOutput};

/// Media type of the parts.
const MEDIA: &str = "text/csv";

/// Part of a CSV file. The parts, concatenated in order, are the whole file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CsvPart {
    /// CSV text of the part.
    pub text: String,
    /// File name.
    pub name: String,
    /// Address of the next part; `None` for the last.
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
            "Comma-separated values (RFC 4180). The first line of the first part contains the column names.",
        );
        operation.response_header(CONTENT_DISPOSITION, "Suggested file name.");
        operation.response_header(
            LINK,
            "Address of the next part, as `rel=\"next\"` (RFC 8288); absent on the last part.",
        );
    }
}
