//! Clocks that are off. A function whose clock is ahead writes later times than others, and finds those of others earlier
//! than they are: so the times in its requests to the table are moved on, and those in the answers back. Its binary stays
//! the one that is deployed.

use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};

/// How long a time is as it is stored: RFC 3339, UTC, with milliseconds.
const LENGTH: usize = "2026-11-20T10:58:08.636Z".len();
/// What a time looks like, where `0` is any digit.
const FORM: &[u8; LENGTH] = b"0000-00-00T00:00:00.000Z";

/// The same text with every time in it moved by so many milliseconds.
#[must_use]
pub fn shift_times(text: &str, milliseconds: i64) -> String {
    let mut shifted = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = next_time(rest) {
        let (before, from) = rest.split_at(at);
        let (time, after) = from.split_at(LENGTH);
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

/// Where the first time of a text begins.
fn next_time(text: &str) -> Option<usize> {
    let fits = |window: &[u8]| {
        window.iter().zip(FORM).all(|(byte, form)| match form {
            b'0' => byte.is_ascii_digit(),
            form => byte == form,
        })
    };
    text.as_bytes().windows(LENGTH).position(fits)
}

/// A body with its times moved; one that is no text stays as it is.
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
    fn every_time_is_moved_wherever_it_stands_and_nothing_else() {
        let text = r#"{"S":"2026-11-20T23:59:59.999Z#ord_1.1","body":"{\"at\":\"2026-11-20T00:00:00.000Z\"}","n":"2026-11-20"}"#;
        let later = r#"{"S":"2026-11-21T00:00:00.000Z#ord_1.1","body":"{\"at\":\"2026-11-20T00:00:00.001Z\"}","n":"2026-11-20"}"#;
        assert_eq!(shift_times(text, 1), later);
        assert_eq!(shift_times(later, -1), text);
        assert_eq!(shift_times("2026-99-99T00:00:00.000Z", 1), "2026-99-99T00:00:00.000Z");
    }
}
