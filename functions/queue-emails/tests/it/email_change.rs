//! E-mails about a requested change of an address.

use insta::assert_snapshot;
use shared::domain::user::verify::VerifyEmail;
use test_support::fixture::{BUYER, buyer, id};

use super::events::masked;
use super::{ADDRESS, Fixture};

/// Event of the first change of the buyer's account.
const REQUESTED: &str = "user-email-change-requested";

const NEW: &str = "buyer@example.org";

impl Fixture {
    /// Kinds of the e-mails to the new and to the old address.
    fn kinds(&self) -> [Vec<String>; 2] {
        [NEW, ADDRESS].map(|address| {
            let sent = self.mail_catcher().sent_to(address);
            sent.into_iter().map(|email| email.tags["kind"].clone()).collect()
        })
    }
}

#[tokio::test]
async fn new_address_gets_a_link_and_the_old_one_a_notice() {
    let fixture = Fixture::open().await;
    fixture.request_address(buyer(), NEW).await;
    for _ in 0..3 {
        assert!(fixture.handle_case(REQUESTED).await.is_success());
    }
    assert_eq!(fixture.kinds(), [vec!["verify"], vec!["address-change"]]);
    let verification = fixture.mail_catcher().sent_to(NEW).pop().unwrap();
    let token = verification.link("http://localhost:3000/verify-email#token=").unwrap();
    assert!(token.contains(BUYER), "{token}");
    let notice = fixture.sent().pop().unwrap();
    assert!(!notice.text.contains(NEW) && !notice.text.contains("token="), "{}", notice.text);
    assert_snapshot!("address-change", masked(&notice));
}

#[tokio::test]
async fn old_address_gets_the_notice_even_after_the_change() {
    let fixture = Fixture::open().await;
    fixture.request_address(buyer(), NEW).await;
    fixture.marketplace.run(VerifyEmail { id: id(BUYER), email: NEW.parse().unwrap() }).await;
    assert!(fixture.handle_case(REQUESTED).await.is_success());
    assert_eq!(fixture.kinds(), [vec![], vec!["address-change".to_owned()]]);
}

#[tokio::test]
async fn cancelled_or_registered_address_gets_no_link() {
    for replacement in [ADDRESS, "third@example.org"] {
        let fixture = Fixture::open().await;
        fixture.request_address(buyer(), NEW).await;
        fixture.request_address(buyer(), replacement).await;
        assert!(fixture.handle_case(REQUESTED).await.is_success());
        assert_eq!(fixture.kinds(), [vec![], vec!["address-change".to_owned()]], "{replacement}");
    }
    let fixture = Fixture::open().await;
    fixture.request_address(buyer(), "seller@example.com").await;
    assert!(fixture.handle_case(REQUESTED).await.is_success());
    assert!(fixture.mail_catcher().sent_to("seller@example.com").is_empty());
    assert_eq!(fixture.sent().len(), 1);
}
