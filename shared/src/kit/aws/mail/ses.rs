//! Amazon SES, by version 2 of its API.

use std::error::Error;
use std::io;

use aws_sdk_sesv2::Client;
use aws_sdk_sesv2::error::{BuildError, ProvideErrorMetadata, SdkError};
use aws_sdk_sesv2::operation::send_email::SendEmailError;
use aws_sdk_sesv2::types as ses;

use super::{CORRELATION_HEADER, MailError, Mailer, Message};
use crate::kit::system::config::{ConfigError, Environment, invalid_variable};

/// Sends through SES.
#[derive(Debug, Clone)]
pub struct SesMailer {
    client: Client,
    sender: String,
}

impl SesMailer {
    /// # Errors
    /// [`ConfigError`] naming the variable.
    pub fn from_env(env: &Environment, client: Client) -> Result<Self, ConfigError> {
        let sender = env.text("AGORA_EMAIL_SENDER")?;
        if !sender.contains('@') {
            return Err(invalid_variable("AGORA_EMAIL_SENDER", "must be an e-mail address".to_owned()));
        }
        Ok(Self { client, sender: sender.to_owned() })
    }
}

impl Mailer for SesMailer {
    async fn send(&self, message: &Message) -> Result<(), MailError> {
        let built = content(message).and_then(|content| Ok((content, tag("kind", message.kind)?)));
        let (content, tag) = built.map_err(|_| MailError::Refused)?;
        let sent = self
            .client
            .send_email()
            .from_email_address(&self.sender)
            .destination(ses::Destination::builder().to_addresses(&message.to).build())
            .content(content)
            .email_tags(tag)
            .send()
            .await;
        sent.map(drop).map_err(|error| meaning(&error))
    }
}

fn content(message: &Message) -> Result<ses::EmailContent, BuildError> {
    let body = ses::Body::builder().html(utf8(&message.html)?).text(utf8(&message.text)?).build();
    let correlation =
        ses::MessageHeader::builder().name(CORRELATION_HEADER).value(message.correlation_id.as_str());
    let simple = ses::Message::builder()
        .subject(utf8(&message.subject)?)
        .body(body)
        .headers(correlation.build()?)
        .build();
    Ok(ses::EmailContent::builder().simple(simple).build())
}

fn utf8(text: &str) -> Result<ses::Content, BuildError> {
    ses::Content::builder().data(text).charset("UTF-8").build()
}

fn tag(name: &str, value: &str) -> Result<ses::MessageTag, BuildError> {
    ses::MessageTag::builder().name(name).value(value).build()
}

/// What the client's error says about the message.
fn meaning<R>(error: &SdkError<SendEmailError, R>) -> MailError {
    match error {
        SdkError::ConstructionFailure(_) => MailError::Refused,
        SdkError::DispatchFailure(failure)
            if failure.as_connector_error().is_some_and(|error| was_refused(error)) =>
        {
            MailError::Unavailable
        }
        SdkError::ServiceError(answer) => answered(answer.err()),
        _ => MailError::Unknown,
    }
}

/// What the service said. An answer of failure is taken at its word: nothing was sent.
fn answered(error: &SendEmailError) -> MailError {
    match error {
        SendEmailError::MessageRejected(_) | SendEmailError::BadRequestException(_) => MailError::Refused,
        SendEmailError::MailFromDomainNotVerifiedException(_)
        | SendEmailError::NotFoundException(_)
        | SendEmailError::AccountSuspendedException(_) => MailError::Misconfigured,
        SendEmailError::TooManyRequestsException(_)
        | SendEmailError::LimitExceededException(_)
        | SendEmailError::SendingPausedException(_) => MailError::Unavailable,
        other => match other.code() {
            Some("AccessDeniedException" | "UnrecognizedClientException" | "SignatureDoesNotMatch") => {
                MailError::Misconfigured
            }
            _ => MailError::Unavailable,
        },
    }
}

/// Nobody listens: the request never left.
fn was_refused(error: &(dyn Error + 'static)) -> bool {
    let io = error.downcast_ref::<io::Error>();
    io.is_some_and(|io| io.kind() == io::ErrorKind::ConnectionRefused)
        || error.source().is_some_and(was_refused)
}
