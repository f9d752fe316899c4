//! Answers that never come.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::body::{Body as HttpBody, Frame};

/// The body of an answer that never comes: hyper closes the connection on its error, before it has sent the head.
pub struct AbortedBody;

impl HttpBody for AbortedBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        Poll::Ready(Some(Err(io::Error::new(
            io::ErrorKind::ConnectionAborted,
            "the answer is lost, as a rule asks",
        ))))
    }
}
