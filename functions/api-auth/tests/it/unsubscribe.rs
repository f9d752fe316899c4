//! `GET` and `POST /v1/auth/unsubscribe`.

use shared::domain::user::notifications::Topic;
use test_support::lambda_event::RouterResponse;

use super::Auth;

const INVALID_TOKEN: (u16, &str) = (401, "INVALID_TOKEN");

impl Auth {
    /// Sends the request of a mail program: no access token, and a form instead of JSON.
    async fn unsubscribe(&self, token: &str) -> RouterResponse {
        let path = format!("/v1/auth/unsubscribe?token={token}");
        self.api.post(&path).header("content-type", "application/x-www-form-urlencoded").await
    }

    async fn unsubscribe_token(&self) -> String {
        let (user, _) = self.stored("ada@example.com").await;
        self.email_tokens().to_unsubscribe(user.id, Topic::Sales)
    }

    /// Notification setting and version of the account.
    async fn setting(&self) -> (bool, u64) {
        let (user, _) = self.stored("ada@example.com").await;
        (user.notifications.sales, user.version.get())
    }
}

#[tokio::test]
async fn one_click_turns_notifications_off() {
    let auth = Auth::open().await;
    auth.ada().await;
    let token = auth.unsubscribe_token().await;
    for _ in 0..2 {
        let response = auth.unsubscribe(&token).await;
        assert_eq!(response.status, 200);
        assert_eq!(response.header("content-type").unwrap(), "text/html");
        assert_eq!(auth.setting().await, (false, 2));
    }
    assert_eq!(auth.log_in().await["user"]["notifications"]["sales"], false);
}

#[tokio::test]
async fn page_changes_nothing_and_contains_no_input() {
    let auth = Auth::open().await;
    auth.ada().await;
    let token = auth.unsubscribe_token().await;
    for token in [token.as_str(), "%3Cscript%3E"] {
        let page = auth.api.get(&format!("/v1/auth/unsubscribe?token={token}")).await;
        assert_eq!(page.status, 200);
        assert_eq!(page.header("referrer-policy").unwrap(), "no-referrer");
        assert!(page.header("content-security-policy").unwrap().contains("default-src 'none'"));
        let html = String::from_utf8(page.bytes).unwrap();
        assert!(html.contains("<form method=\"post\">"), "{html}");
        assert!(!html.contains("usr_") && !html.contains("script"), "{html}");
    }
    assert_eq!(auth.setting().await, (true, 1));
}

#[tokio::test]
async fn forged_token_changes_nothing() {
    let auth = Auth::open().await;
    auth.ada().await;
    let (user, credentials) = auth.stored("ada@example.com").await;
    let token = auth.unsubscribe_token().await;
    let reset = auth.email_tokens().to_reset_password(&user, &credentials, user.created_at);
    let other_topic = token.replace(".sales.", ".orders.");
    let (head, _) = token.rsplit_once('.').unwrap();
    for forged in ["x", "", &reset, &other_topic, &format!("{head}.AAAA"), &format!("{head}.")] {
        assert_eq!(auth.unsubscribe(forged).await.error(), INVALID_TOKEN, "{forged}");
    }
    let missing = auth.api.post("/v1/auth/unsubscribe").await;
    assert_eq!(missing.error(), (400, "VALIDATION_ERROR"));
    assert_eq!(auth.setting().await, (true, 1));
}

#[tokio::test]
async fn token_of_a_deleted_account_is_accepted() {
    let auth = Auth::open().await;
    let id = "usr_01J8Z3K5V0ABCDEFGHJKMNPQRS".parse().unwrap();
    let token = auth.email_tokens().to_unsubscribe(id, Topic::Sales);
    assert_eq!(auth.unsubscribe(&token).await.status, 200);
}
