//! Clock skew of a function, simulated without changing its binary.
//!
//! A function whose clock is ahead writes later timestamps than other functions, and sees the timestamps of
//! others as earlier. The proxy therefore shifts the timestamps in its requests to DynamoDB forwards, and
//! those in the responses back.

use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};

/// Length of a stored timestamp: RFC 3339, UTC, with milliseconds.
const TIMESTAMP_LENGTH: usize = "2026-11-20T10:58:08.636Z".len();
/// Pattern of a stored timestamp, where `0` is any digit.
const TIMESTAMP_PATTERN: &[u8; TIMESTAMP_LENGTH] = b"0000-00-00T00:00:00.000Z";

/// Shifts every timestamp in a text by a number of milliseconds.
#[must_use]
pub fn shift_times(text: &str, milliseconds: i64) -> String {
    let mut shifted = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = next_time(rest) {
        let (before, from) = rest.split_at(at);
        let (time, after) = from.split_at(TIMESTAMP_LENGTH);
        shifted.push_str(before);
        match time.parse::<Timestamp>() {
            Ok(moment) => {
                let moment = moment.saturating_add(SignedDuration::from_millis(milliseconds));
                shifted.push_str(&moment.map_or_else(|_| time.to_owned(), |moment| format!("{moment:.3}")));
            }
            Err(_) => shifted.push_str(time),
        }
        rest = after;
    }
    shifted.push_str(rest);
    shifted
}

/// Position of the first timestamp in a text.
fn next_time(text: &str) -> Option<usize> {
    let matches_pattern = |window: &[u8]| {
        window.iter().zip(TIMESTAMP_PATTERN).all(|(byte, form)| match form {
            b'0' => byte.is_ascii_digit(),
            form => byte == form,
        })
    };
    text.as_bytes().windows(TIMESTAMP_LENGTH).position(matches_pattern)
}

/// Shifts the timestamps in a body. A body that is not UTF-8 is returned unchanged.
pub(super) fn shifted(body: Bytes, milliseconds: i64) -> Bytes {
    match str::from_utf8(&body) {
        Ok(text) => Bytes::from(shift_times(text, milliseconds)),
        Err(_) => body,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_timestamps_are_shifted_wherever_they_occur() {
        let text = r#"{"S":"2026-11-20T23:59:59.999Z#ord_1.1","body":"{\"at\":\"2026-11-20T00:00:00.000Z\"}","n":"2026-11-20"}"#;
        let later = r#"{"S":"2026-11-21T00:00:00.000Z#ord_1.1","body":"{\"at\":\"2026-11-20T00:00:00.001Z\"}","n":"2026-11-20"}"#;
        assert_eq!(shift_times(text, 1), later);
        assert_eq!(shift_times(later, -1), text);
        assert_eq!(shift_times("2026-99-99T00:00:00.000Z", 1), "2026-99-99T00:00:00.000Z");
    }
}
