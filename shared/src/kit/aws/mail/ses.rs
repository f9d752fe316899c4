//! Amazon SES (API version 2).

use std::error::Error;
use std::io;

use aws_sdk_sesv2::Client;
use aws_sdk_sesv2::error::{BuildError, ProvideErrorMetadata, SdkError};
use aws_sdk_sesv2::operation::send_email::SendEmailError;
use aws_sdk_sesv2::types as ses;

use super::{CORRELATION_HEADER, MailError, Mailer, Message};
use crate::kit::system::config::{ConfigError, Environment, invalid_variable};

/// Sends e-mails through SES.
#[derive(Debug, Clone)]
pub struct SesMailer {
    client: Client,
    sender: String,
}

impl SesMailer {
    /// Creates a mailer with the sender named by `AGORA_EMAIL_SENDER`.
    ///
    /// # Errors
    /// [`ConfigError`] if the variable is missing or not an e-mail address.
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
        let prepared = content(message).and_then(|content| Ok((content, tag("kind", message.kind)?)));
        let (content, tag) = prepared.map_err(|_| MailError::Refused)?;
        let result = self
            .client
            .send_email()
            .from_email_address(&self.sender)
            .destination(ses::Destination::builder().to_addresses(&message.to).build())
            .content(content)
            .email_tags(tag)
            .send()
            .await;
        result.map(drop).map_err(|error| mail_error(&error))
    }
}

fn content(message: &Message) -> Result<ses::EmailContent, BuildError> {
    let body = ses::Body::builder().html(utf8(&message.html)?).text(utf8(&message.text)?).build();
    let simple = ses::Message::builder()
        .subject(utf8(&message.subject)?)
        .body(body)
        .set_headers(Some(headers(message)?))
        .build();
    Ok(ses::EmailContent::builder().simple(simple).build())
}

fn headers(message: &Message) -> Result<Vec<ses::MessageHeader>, BuildError> {
    let header = |name: &str, value: &str| ses::MessageHeader::builder().name(name).value(value).build();
    let mut headers = vec![header(CORRELATION_HEADER, message.correlation_id.as_str())?];
    if let Some(url) = &message.unsubscribe_url {
        headers.push(header("List-Unsubscribe", &format!("<{url}>"))?);
        headers.push(header("List-Unsubscribe-Post", "List-Unsubscribe=One-Click")?);
    }
    Ok(headers)
}

fn utf8(text: &str) -> Result<ses::Content, BuildError> {
    ses::Content::builder().data(text).charset("UTF-8").build()
}

fn tag(name: &str, value: &str) -> Result<ses::MessageTag, BuildError> {
    ses::MessageTag::builder().name(name).value(value).build()
}

/// Maps an SDK error.
fn mail_error<R>(error: &SdkError<SendEmailError, R>) -> MailError {
    match error {
        SdkError::ConstructionFailure(_) => MailError::Refused,
        SdkError::DispatchFailure(failure)
            if failure.as_connector_error().is_some_and(|error| was_refused(error)) =>
        {
            MailError::Unavailable
        }
        SdkError::ServiceError(service) => service_error(service.err()),
        _ => MailError::Unknown,
    }
}

/// Maps an error response. The service reports that nothing was sent.
fn service_error(error: &SendEmailError) -> MailError {
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

/// Returns true if the connection was refused, so the request was never sent.
fn was_refused(error: &(dyn Error + 'static)) -> bool {
    let io = error.downcast_ref::<io::Error>();
    io.is_some_and(|io| io.kind() == io::ErrorKind::ConnectionRefused)
        || error.source().is_some_and(was_refused)
}
