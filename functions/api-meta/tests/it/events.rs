//! Every event in `events/api-meta/`.

use test_support::lambda_event::{cases, of_file, send};

/// What each event is answered with.
const ANSWERS: [(&str, u16, &str); 5] = [
    ("docs", 200, ""),
    ("health", 200, ""),
    ("nowhere", 404, "NOT_FOUND"),
    ("openapi", 200, ""),
    ("ready", 200, ""),
];

#[tokio::test]
async fn every_event_is_answered_as_its_name_says() {
    let (_scene, router) = super::open().await;
    for (case, status, code) in ANSWERS {
        let answer = send(&router, &of_file("api-meta", case)).await;
        assert_eq!((answer.status.as_u16(), answer.code().as_str()), (status, code), "{case}");
    }
    let sent = ANSWERS.map(|(case, ..)| case.to_owned());
    assert_eq!(sent.to_vec(), cases("api-meta"), "an event is not sent, or does not exist");
}
