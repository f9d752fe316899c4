//! Preparation of a request: references, headers and the change of its variation.

use http::Method;
use serde_json::Value;

use super::Run;
use crate::facts::payment_id;
use crate::operations::Operation;
use crate::step::{Call, Caller, Target, Variation};
use crate::system::{Request, System};

/// Size of a body that is too large.
const TOO_LARGE: usize = 300 * 1024;
/// Number of characters of an idempotency key that is too long.
const INVALID_KEY_LENGTH: usize = 300;

impl<S: System> Run<S> {
    /// Prepares a request. `None` if it refers to something that does not exist in this run.
    pub(super) async fn prepare(
        &mut self,
        number: usize,
        call: &Call,
        operation: &Operation,
    ) -> Option<Request> {
        let id = self.target(call).await?;
        self.load_tokens(call).await?;
        let authorization = self.authorization(call).await?;
        let path = with_id(&operation.path, &id);
        let mut headers: Vec<(String, String)> = authorization.clone().into_iter().collect();
        if operation.requires("if-match") && call.variation != Variation::NoIfMatch {
            let tag = match call.variation {
                Variation::StaleIfMatch => "\"999999\"".to_owned(),
                _ => self.fetch_tag(&path, authorization.as_ref()).await,
            };
            headers.push(("if-match".to_owned(), tag));
        }
        headers.extend(headers_of(number, call, operation));
        let query = self.resolve_text(&call.query)?;
        let path = match (call.variation, query.as_str()) {
            (Variation::InvalidQuery, _) => {
                format!("{path}?{}", operation.invalid_query().unwrap_or_default())
            }
            (_, "") => path,
            (_, query) => format!("{path}?{query}"),
        };
        let body = match &call.body {
            Some(body) => Some(text_of(call.variation, self.resolve(body)?)),
            None => None,
        };
        Some(Request { method: operation.method.clone(), path, headers, body })
    }

    /// Id in the path; empty if the path has no parameter.
    async fn target(&mut self, call: &Call) -> Option<String> {
        let id = match call.target {
            Target::None => String::new(),
            Target::Created(step) => self.model.get(step)?.id.clone(),
            Target::PaymentOf(step) => payment_id(&self.model, step),
            Target::DeadLetter(number) => self.dead_letter(number).await?,
        };
        if call.variation == Variation::UnknownTarget {
            return Some(other_id(&id));
        }
        Some(id)
    }

    /// Id of a dead letter, from the administrator's list.
    async fn dead_letter(&mut self, number: usize) -> Option<String> {
        let authorization = self.token_of(Caller::Admin).await.map(bearer)?;
        let request = Request {
            method: Method::GET,
            path: "/v1/dead-letters?limit=100".to_owned(),
            headers: vec![authorization],
            body: None,
        };
        let response = self.system.send(&request).await?;
        let list = response.json();
        let id = list["data"].as_array()?.iter().rev().nth(number)?["id"].as_str()?.to_owned();
        Some(id)
    }

    /// `Authorization` header of the caller; `None` if the caller cannot sign in.
    async fn authorization(&mut self, call: &Call) -> Option<Option<(String, String)>> {
        if call.variation == Variation::NoToken {
            return Some(None);
        }
        if call.caller == Caller::Anonymous {
            let is_damaged = call.variation == Variation::DamagedToken;
            return Some(is_damaged.then(|| bearer("damaged".to_owned())));
        }
        let token = self.token_of(call.caller).await?;
        let token = match call.variation {
            // The last character of a signature has unused bits, so the first ones are changed.
            Variation::DamagedToken => token.rsplit_once('.').map(|(signed, _)| format!("{signed}.AAAA"))?,
            _ => token,
        };
        Some(Some(bearer(token)))
    }

    /// Replaces the references in a body.
    pub(super) fn resolve(&self, body: &Value) -> Option<Value> {
        Some(match body {
            Value::String(text) => Value::String(self.resolve_text(text)?),
            Value::Array(items) => {
                Value::Array(items.iter().map(|item| self.resolve(item)).collect::<Option<_>>()?)
            }
            Value::Object(fields) => {
                let fields = fields.iter().map(|(name, field)| Some((name.clone(), self.resolve(field)?)));
                Value::Object(fields.collect::<Option<_>>()?)
            }
            other => other.clone(),
        })
    }

    /// Replaces a reference in a text: `$id:17`, or a part of a query.
    fn resolve_text(&self, text: &str) -> Option<String> {
        let Some((before, reference)) = text.split_once('$') else { return Some(text.to_owned()) };
        let end = reference.find('&').unwrap_or(reference.len());
        let (name, step) = reference[..end].split_once(':')?;
        let step = step.parse().ok()?;
        let value = match name {
            "id" => self.model.get(step)?.id.clone(),
            _ => self.sessions.get(&Caller::Account(step))?.reference(name)?.to_owned(),
        };
        Some(format!("{before}{value}{}", &reference[end..]))
    }
}

fn bearer(token: String) -> (String, String) {
    ("authorization".to_owned(), format!("Bearer {token}"))
}

/// Path with this id in place of its parameter.
fn with_id(template: &str, id: &str) -> String {
    let segments = template.split('/').map(|part| if part.starts_with('{') { id } else { part });
    segments.collect::<Vec<_>>().join("/")
}

/// Well-formed id of a resource that does not exist.
fn other_id(id: &str) -> String {
    let prefix = id.split_once('_').map_or("ord", |(prefix, _)| prefix);
    format!("{prefix}_01J8Z3K5V0ABCDEFGHJKMNPQRS")
}

/// Path with the id of another resource, which does not exist.
pub(super) fn of_other_resource(path: &str) -> String {
    let segments =
        path.split('/').map(|part| if part.contains('_') { other_id(part) } else { part.to_owned() });
    segments.collect::<Vec<_>>().join("/")
}

/// Body as text, changed by a variation.
fn text_of(variation: Variation, mut body: Value) -> String {
    match variation {
        Variation::MalformedJson => "{".to_owned(),
        Variation::TooLarge => format!("{{\"text\":\"{}\"}}", "x".repeat(TOO_LARGE)),
        Variation::UnknownField => {
            body["unexpected"] = Value::Bool(true);
            body.to_string()
        }
        _ => body.to_string(),
    }
}

/// Headers that do not depend on the caller or the resource.
fn headers_of(number: usize, call: &Call, operation: &Operation) -> Vec<(String, String)> {
    let mut headers = Vec::new();
    let mut add = |name: &str, value: &str| headers.push((name.to_owned(), value.to_owned()));
    match call.variation {
        Variation::InvalidKey => add("idempotency-key", &"k".repeat(INVALID_KEY_LENGTH)),
        Variation::NoKey => {}
        _ if operation.has_header("idempotency-key") => add("idempotency-key", &format!("key-{number}")),
        _ => {}
    }
    if call.operation == "receiveWebhook" {
        add("stripe-signature", "t=1,v1=00");
    }
    if call.variation == Variation::WrongAccept {
        add("accept", "image/png");
    }
    match call.variation {
        _ if call.body.is_none() => {}
        Variation::WrongContentType => add("content-type", "text/plain"),
        _ if operation.method == Method::PATCH => add("content-type", "application/merge-patch+json"),
        _ => add("content-type", "application/json"),
    }
    headers
}
