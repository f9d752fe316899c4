//! Sessions of the accounts: tokens from logins and e-mails.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::Method;
use serde_json::{Value, json};
use shared::domain::user::User;
use shared::kit::system::clock::Timestamp;

use super::Run;
use crate::facts::record;
use crate::model::PASSWORD;
use crate::operations::operation;
use crate::step::{Call, Caller};
use crate::system::{Request, System};

/// Time before its expiry at which an access token is replaced.
const MARGIN: Duration = Duration::from_secs(30);
/// Time after a failed login until the next one.
const PAUSE: Duration = Duration::from_mins(5);

/// Session of an account.
#[derive(Debug, Clone, Default)]
pub(super) struct Session {
    email: String,
    access: Option<(String, Timestamp)>,
    refresh: Option<String>,
    not_before: Option<Timestamp>,
    verify: Option<String>,
    reset: Option<String>,
    unsubscribe: Option<String>,
}

impl Session {
    pub(super) fn new(email: &str) -> Self {
        Self { email: email.to_owned(), ..Self::default() }
    }

    /// Value of a reference to the account.
    pub(super) fn reference(&self, name: &str) -> Option<&str> {
        match name {
            "email" => Some(&self.email),
            "refresh" => self.refresh.as_deref(),
            "verify" => self.verify.as_deref(),
            "reset" => self.reset.as_deref(),
            "unsubscribe" => self.unsubscribe.as_deref(),
            _ => None,
        }
    }
}

impl<S: System> Run<S> {
    /// Access token of a caller, from the current session or a new login.
    pub(super) async fn token_of(&mut self, caller: Caller) -> Option<String> {
        let now = self.system.now();
        let session = self.sessions.get(&caller)?.clone();
        let is_valid = |(_, expiry): &(String, Timestamp)| now.saturating_add(MARGIN) < *expiry;
        if let Some((token, _)) = session.access.filter(is_valid) {
            return Some(token);
        }
        if session.not_before.is_some_and(|not_before| now < not_before) {
            return None;
        }
        let refreshed = match &session.refresh {
            Some(refresh) => {
                self.post("refreshSession", "/v1/auth/refresh", json!({ "refreshToken": refresh })).await
            }
            None => None,
        };
        let tokens = if refreshed.is_some() {
            refreshed
        } else {
            let body = json!({ "email": session.email, "password": PASSWORD });
            self.post("logIn", "/v1/auth/login", body).await
        };
        let tokens = tokens.filter(|tokens| self.is_of(caller, tokens));
        if let Some(tokens) = &tokens {
            self.store_tokens(caller, tokens);
        } else if let Some(session) = self.sessions.get_mut(&caller) {
            session.refresh = None;
            session.not_before = Some(now.saturating_add(PAUSE));
        }
        tokens.and_then(|tokens| tokens["accessToken"].as_str().map(str::to_owned))
    }

    /// Returns true if an access token is one of the caller: the address of a deleted account may be that of another
    /// one now.
    fn is_of(&self, caller: Caller, tokens: &Value) -> bool {
        let subject = tokens["accessToken"].as_str().and_then(subject_of);
        self.model_id(caller).is_none_or(|id| subject.as_ref() == Some(&id))
    }

    fn store_tokens(&mut self, caller: Caller, tokens: &Value) {
        let expires_in = Duration::from_secs(tokens["expiresIn"].as_u64().unwrap_or_default());
        let expiry = self.system.now().saturating_add(expires_in);
        let text = |name: &str| tokens[name].as_str().map(str::to_owned);
        if let Some(session) = self.sessions.get_mut(&caller) {
            session.access = text("accessToken").map(|token| (token, expiry));
            session.refresh = text("refreshToken");
            session.not_before = None;
        }
    }

    /// Sends a request of the client itself; returns the data of a successful response.
    async fn post(&mut self, id: &str, path: &str, body: Value) -> Option<Value> {
        let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
        let body = Some(body.to_string());
        let request = Request { method: Method::POST, path: path.to_owned(), headers, body };
        let response = self.system.send(&request).await?;
        self.coverage.record(&operation(id).id, response.status.as_u16(), Vec::new());
        response.status.is_success().then(|| response.json()["data"].take())
    }

    /// Loads what the references of a request need: the address of an account, and the tokens in its e-mails.
    pub(super) async fn load_tokens(&mut self, call: &Call) -> Option<()> {
        let text = format!("{}{}", call.query, call.body.as_ref().map(Value::to_string).unwrap_or_default());
        for part in text.split('$').skip(1) {
            let digits: String = part
                .split_once(':')
                .map(|(_, rest)| rest.chars().take_while(char::is_ascii_digit).collect())?;
            let account: usize = digits.parse().ok()?;
            if !part.starts_with("id:") {
                self.load_account(account).await;
            }
        }
        Some(())
    }

    async fn load_account(&mut self, account: usize) {
        let user: Option<User> = record(&mut self.system, &self.model, account).await;
        let Some(user) = user else { return };
        let mut emails = self.system.emails_to(user.email.as_str()).await;
        if let Some(pending) = &user.pending_email {
            emails.extend(self.system.emails_to(pending.as_str()).await);
        }
        let token = |marker: &str| {
            let texts = emails.iter().rev().map(|email| &email.text);
            let found = texts.filter_map(|text| text.split_once(marker)).map(|(_, rest)| rest).next()?;
            found.split_whitespace().next().map(str::to_owned)
        };
        if let Some(session) = self.sessions.get_mut(&Caller::Account(account)) {
            user.email.as_str().clone_into(&mut session.email);
            session.verify = token("verify-email#token=");
            session.reset = token("password#token=").or_else(|| token("invitation#token="));
            session.unsubscribe = token("unsubscribe?token=");
        }
    }

    /// Records the session or the account that a request created.
    pub(super) fn record_session(&mut self, number: usize, call: &Call, data: &Value) {
        let subject = || {
            let body = call.body.as_ref()?;
            let reference = body["email"].as_str().or(body["refreshToken"].as_str())?;
            let step = reference.split_once(':')?.1.parse().ok()?;
            Some(Caller::Account(step))
        };
        match call.operation {
            "registerUser" | "createUser" => {
                let email = data["email"].as_str().unwrap_or_default();
                self.sessions.insert(Caller::Account(number), Session::new(email));
            }
            "logIn" | "refreshSession" => {
                if let Some(caller) = subject().filter(|caller| self.is_of(*caller, data)) {
                    self.store_tokens(caller, data);
                }
            }
            "logOut" => {
                if let Some(session) = subject().and_then(|caller| self.sessions.get_mut(&caller)) {
                    session.refresh = None;
                }
            }
            "confirmPasswordReset" => {
                // The sessions have ended.
                let token = call.body.as_ref().and_then(|body| body["token"].as_str());
                let step = token.and_then(|token| token.split_once(':')?.1.parse().ok());
                let session = step.and_then(|step| self.sessions.get_mut(&Caller::Account(step)));
                if let Some(session) = session {
                    session.refresh = None;
                    session.not_before = None;
                }
            }
            _ => {}
        }
    }
}

/// Id of the account of an access token.
fn subject_of(token: &str) -> Option<String> {
    let payload = token.split('.').nth(1)?;
    let claims: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).ok()?).ok()?;
    Some(claims["sub"].as_str()?.to_owned())
}
