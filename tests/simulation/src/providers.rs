//! The mail service and the model, with the rates that they allow.

use std::time::{Duration, Instant};

use bytes::Bytes;
use futures::FutureExt;
use http::Request;
use http_body_util::BodyExt;
use local::services::bedrock::{self, QUOTA};
pub use local::services::ses::Effect as MailEffect;
use local::services::ses::{MailCatcher, Rule};
use local::services::token_bucket::TokenBucket;
use local::template::Throttle;
use tower::ServiceExt;

use crate::functions::EMAILS;
use crate::network::{NetworkError, SimResponse, SimResult};
use crate::template_config;

/// Mail service and model.
pub struct Providers {
    /// Sent e-mails.
    pub mail: MailCatcher,
    mail_rate: TokenBucket,
    model_rate: TokenBucket,
    /// Real time that corresponds to the start of the virtual clock.
    start: Instant,
}

impl Default for Providers {
    fn default() -> Self {
        Self::new()
    }
}

/// Response, and true if the rate of the service was exceeded.
type Answer = (SimResult, bool);

impl Providers {
    /// Creates the services.
    ///
    /// # Panics
    /// If the template lacks the rate of e-mails.
    #[must_use]
    pub fn new() -> Self {
        let start = Instant::now();
        let per_second: u32 = template_config::environment(EMAILS)
            .parse("AGORA_EMAILS_PER_SECOND")
            .expect("the template has the rate");
        Self {
            mail: MailCatcher::in_memory(),
            mail_rate: TokenBucket::new(Throttle { rate: per_second, burst: per_second }, start),
            model_rate: TokenBucket::new(QUOTA, start),
            start,
        }
    }

    /// Sends an e-mail, with this effect of an outage.
    ///
    /// # Panics
    /// If the mail catcher does not respond immediately.
    pub fn send(&self, request: Request<Bytes>, effect: Option<MailEffect>, elapsed: Duration) -> Answer {
        let is_too_fast = effect.is_none() && !self.mail_rate.try_acquire(self.start + elapsed);
        let effect = if is_too_fast { Some(MailEffect::Throttle) } else { effect };
        if let Some(effect) = effect {
            self.mail.add_fault_rule(Rule::next(effect));
        }
        let request = request.map(axum::body::Body::from);
        let response = self.mail.router().oneshot(request).now_or_never();
        let Some(Ok(response)) = response else { unreachable!("the mail catcher responds immediately") };
        let (parts, body) = response.into_parts();
        let Some(Ok(body)) = body.collect().now_or_never() else {
            return (Err(NetworkError::Disconnected), is_too_fast);
        };
        let error_name = parts.headers.get("x-amzn-errortype").and_then(|name| name.to_str().ok());
        let response = SimResponse {
            error_name: error_name.map(str::to_owned),
            ..SimResponse::from((parts.status.as_u16(), body.to_bytes()))
        };
        (Ok(response), is_too_fast)
    }

    /// Embeds a text. A model that is down throttles every call.
    ///
    /// # Panics
    /// If the request is not valid.
    pub fn embed(&self, request: &Request<Bytes>, is_down: bool, elapsed: Duration) -> Answer {
        let is_too_fast = !is_down && !self.model_rate.try_acquire(self.start + elapsed);
        let response = if is_down || is_too_fast {
            let body = Bytes::from_static(b"{\"message\":\"Too many requests\"}");
            let error_name = Some("ThrottlingException".to_owned());
            SimResponse { error_name, ..SimResponse::from((429, body)) }
        } else {
            let embedding = bedrock::embed(request.body()).expect("the request is valid");
            SimResponse::from((200, Bytes::from(embedding.to_string())))
        };
        (Ok(response), is_too_fast)
    }
}
