//! Request body of `SendEmail`. Only simple messages are supported.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::Email;
use crate::system::{aws_ids, clock};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct SendEmail {
    from_email_address: String,
    destination: Destination,
    content: Content,
    #[serde(default)]
    email_tags: Vec<NameValue>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Destination {
    to_addresses: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Content {
    simple: Simple,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Simple {
    subject: Part,
    body: Body,
    #[serde(default)]
    headers: Vec<NameValue>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Body {
    #[serde(default)]
    html: Part,
    #[serde(default)]
    text: Part,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Part {
    data: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct NameValue {
    name: String,
    value: String,
}

impl SendEmail {
    /// Converts the request to an e-mail. `None` if SES would reject it: without recipients, or with an
    /// invalid address. Addresses are ASCII: SES does not support SMTPUTF8, and domains are A-labels
    /// (<https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_Destination.html>).
    pub(super) fn into_email(self) -> Option<Email> {
        let to = self.destination.to_addresses;
        let is_address = |address: &String| {
            let domain = address.rsplit_once('@').map(|(_, domain)| domain);
            address.is_ascii() && domain.is_some_and(|domain| domain.contains('.'))
        };
        if to.is_empty() || !to.iter().all(is_address) {
            return None;
        }
        let Simple { subject, body, headers } = self.content.simple;
        Some(Email {
            id: aws_ids::uuid(),
            sent_at: clock::now(),
            from: self.from_email_address,
            to,
            subject: subject.data,
            html: body.html.data,
            text: body.text.data,
            headers: map(headers),
            tags: map(self.email_tags),
        })
    }
}

fn map(pairs: Vec<NameValue>) -> BTreeMap<String, String> {
    pairs.into_iter().map(|NameValue { name, value }| (name, value)).collect()
}
