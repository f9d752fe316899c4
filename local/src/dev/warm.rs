//! Warms a function up: has it built and started, and checks that it responds.

use std::net::{Ipv4Addr, SocketAddr};

use bytes::Bytes;
use http::Request;
use serde_json::{Value, json};

use crate::Stack;
use crate::services::api_gateway::event;
use crate::services::api_gateway::event::{Context, Incoming};
use crate::services::api_gateway::route::RouteTable;
use crate::services::lambda::InvokeError;
use crate::system::{aws_ids, clock};
use crate::template::Function;

/// Invokes a function with an event that changes nothing. A function with only a schedule gets a regular
/// scheduled event, which it would receive within its period anyway.
pub(super) async fn up(stack: &Stack, function: &Function) -> Result<(), InvokeError> {
    let request_id = aws_ids::gateway_request();
    stack.logs().hide_request(&request_id);
    let event = match http_event(function, &request_id) {
        Some(event) => event,
        None if !function.schedules.is_empty() => {
            return stack.run_schedule(&function.stem).await.map(|_| ());
        }
        None => json!({ "Records": [] }),
    };
    stack.invoke(&function.stem, &event).await.map(|_| ())
}

/// Event of a `GET` request to one of the function's routes. Any response counts, including 401 and 405.
fn http_event(function: &Function, request_id: &str) -> Option<Value> {
    let is_concrete =
        |route: &&crate::template::Route| route.path.starts_with('/') && !route.path.contains('{');
    let first = function.routes.first()?;
    let path = function.routes.iter().find(is_concrete).unwrap_or(first).path.as_str();
    let path = if path.starts_with('/') { path.replace(['{', '}', '+'], "") } else { "/warm-up".to_owned() };
    let routes = RouteTable::new(function.routes.iter().map(|route| (route, function.stem.as_str())));
    let matched =
        routes.find("GET", &path).unwrap_or_else(|| crate::services::api_gateway::route::RouteMatch {
            route_key: "$default".to_owned(),
            function: &function.stem,
            parameters: std::collections::BTreeMap::new(),
        });
    let (parts, ()) = Request::get(&path).header("host", "localhost").body(()).ok()?.into_parts();
    let context = Context {
        peer: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
        request_id,
        trace: &aws_ids::trace(),
        now: clock::now(),
        matched: &matched,
    };
    Some(event::build(&Incoming { parts: &parts, body: &Bytes::new() }, &context))
}
