//! Every event in `events/api-search/`.

use test_support::lambda_event::{cases, of_file};

use super::Searching;

/// What each event is answered with.
const ANSWERS: [(&str, u16, &str); 4] = [
    ("search", 200, ""),
    ("search-products", 200, ""),
    ("search-without-words", 400, "VALIDATION_ERROR"),
    ("search-with-bad-query", 400, "VALIDATION_ERROR"),
];

#[tokio::test]
async fn every_event_is_answered_as_its_name_says() {
    let searching = Searching::open().await;
    let mut sent = Vec::new();
    for (case, status, code) in ANSWERS {
        let answer = searching.send(&of_file("api-search", case)).await;
        assert_eq!((answer.status.as_u16(), answer.code().as_str()), (status, code), "{case}");
        sent.push(case.to_owned());
    }
    sent.sort();
    assert_eq!(sent, cases("api-search"), "an event is not sent, or does not exist");
}
