//! Event for a function: payload format 2.0, after "Create AWS Lambda proxy integrations for HTTP APIs" in
//! the API Gateway developer guide.

use std::{collections::BTreeMap, net::SocketAddr};

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use http::{HeaderMap, header, request::Parts};
use jiff::{Timestamp, tz::TimeZone};
use serde_json::{Map, Value, json};

use super::route::RouteMatch;
use crate::system::arn;

/// HTTP request.
#[derive(Clone, Copy, Debug)]
pub struct Incoming<'a> {
    /// Request line and headers.
    pub parts: &'a Parts,
    /// Request body.
    pub body: &'a Bytes,
}

/// Metadata that the gateway adds to a request.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// Peer address.
    pub peer: SocketAddr,
    /// Request id, assigned by the gateway.
    pub request_id: &'a str,
    /// X-Ray trace header.
    pub trace: &'a str,
    /// Time of arrival.
    pub now: Timestamp,
    /// Matched route.
    pub matched: &'a RouteMatch<'a>,
}

/// Builds the event.
#[must_use]
pub fn build(incoming: &Incoming<'_>, context: &Context<'_>) -> Value {
    let Incoming { parts, body } = *incoming;
    let mut event = Map::new();
    let mut put = |key: &str, value: Value| event.insert(key.to_owned(), value);
    put("version", json!("2.0"));
    put("routeKey", json!(context.matched.route_key));
    put("rawPath", json!(parts.uri.path()));
    put("rawQueryString", json!(parts.uri.query().unwrap_or_default()));
    put("headers", json!(headers(parts, context)));
    put("requestContext", request_context(parts, context));
    let cookies = cookies(&parts.headers);
    if !cookies.is_empty() {
        put("cookies", json!(cookies));
    }
    let query = query(parts.uri.query().unwrap_or_default());
    if !query.is_empty() {
        put("queryStringParameters", json!(query));
    }
    if !context.matched.parameters.is_empty() {
        put("pathParameters", json!(context.matched.parameters));
    }
    let text = std::str::from_utf8(body).ok().filter(|_| is_text(&parts.headers));
    put("isBase64Encoded", json!(text.is_none() && !body.is_empty()));
    match text {
        _ if body.is_empty() => {}
        Some(text) => drop(put("body", json!(text))),
        None => drop(put("body", json!(STANDARD.encode(body)))),
    }
    Value::Object(event)
}

/// Headers with lower-case names; values of the same name are joined by commas. Cookies have a field of their
/// own. The gateway sets the forwarding headers; a client's `x-forwarded-for` value only comes before the
/// peer address.
fn headers(parts: &Parts, context: &Context<'_>) -> BTreeMap<String, String> {
    let mut headers: BTreeMap<String, String> = BTreeMap::new();
    let mut add = |name: &str, value: String| {
        let joined = headers.entry(name.to_owned()).or_default();
        if !joined.is_empty() {
            joined.push(',');
        }
        joined.push_str(&value);
    };
    let hops = [header::CONNECTION, header::COOKIE, header::TRANSFER_ENCODING, header::UPGRADE];
    for (name, value) in &parts.headers {
        if !hops.contains(name) && name != "keep-alive" {
            add(name.as_str(), String::from_utf8_lossy(value.as_bytes()).into_owned());
        }
    }
    let port = authority(parts).rsplit_once(':').map_or("80", |(_, port)| port).to_owned();
    let claimed = headers.get("x-forwarded-for").map(|claimed| format!("{claimed}, ")).unwrap_or_default();
    headers.insert("x-forwarded-for".to_owned(), format!("{claimed}{}", context.peer.ip()));
    headers.insert("x-forwarded-port".to_owned(), port);
    headers.insert("x-forwarded-proto".to_owned(), "http".to_owned());
    headers.entry("x-amzn-trace-id".to_owned()).or_insert_with(|| context.trace.to_owned());
    headers
}

fn request_context(parts: &Parts, context: &Context<'_>) -> Value {
    let user_agent = parts.headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok());
    let domain = authority(parts);
    let domain = domain.split(':').next().unwrap_or_default();
    let time = context.now.to_zoned(TimeZone::UTC).strftime("%d/%b/%Y:%H:%M:%S %z").to_string();
    json!({
        "accountId": arn::ACCOUNT,
        "apiId": "local",
        "domainName": domain,
        "domainPrefix": domain.split('.').next().unwrap_or_default(),
        "http": {
            "method": parts.method.as_str(),
            "path": parts.uri.path(),
            "protocol": format!("{:?}", parts.version),
            "sourceIp": context.peer.ip().to_string(),
            "userAgent": user_agent.unwrap_or_default(),
        },
        "requestId": context.request_id,
        "routeKey": context.matched.route_key,
        "stage": "$default",
        "time": time,
        "timeEpoch": context.now.as_millisecond(),
    })
}

/// Host and port of the request.
fn authority(parts: &Parts) -> &str {
    let host = parts.headers.get(header::HOST).and_then(|host| host.to_str().ok());
    host.or_else(|| parts.uri.authority().map(http::uri::Authority::as_str)).unwrap_or("localhost")
}

fn cookies(headers: &HeaderMap) -> Vec<String> {
    let values = headers.get_all(header::COOKIE).into_iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(';')).map(|cookie| cookie.trim().to_owned()).collect()
}

/// Decoded query parameters; values of the same name are joined by commas.
fn query(raw: &str) -> BTreeMap<String, String> {
    let mut query: BTreeMap<String, String> = BTreeMap::new();
    for (name, value) in form_urlencoded::parse(raw.as_bytes()) {
        match query.get_mut(name.as_ref()) {
            Some(joined) => {
                joined.push(',');
                joined.push_str(&value);
            }
            None => drop(query.insert(name.into_owned(), value.into_owned())),
        }
    }
    query
}

/// Returns true if a body is passed as text instead of base64.
fn is_text(headers: &HeaderMap) -> bool {
    if headers.contains_key(header::CONTENT_ENCODING) {
        return false;
    }
    let Some(kind) = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()) else {
        return true;
    };
    let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    kind.starts_with("text/")
        || matches!(kind.as_str(), "application/json" | "application/javascript" | "application/xml")
}

#[cfg(test)]
mod tests;
