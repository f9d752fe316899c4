//! Execution of calls: fault injection, arrival and response.

use std::time::Duration;

use bytes::Bytes;
use serde_json::Value;

use crate::faults::{CallFault, choose, conflict, failed, throttled};
use crate::network::{NetworkError, Service, SimResult};
use crate::payments::GatewayMode;
use crate::table::puts;
use crate::world::World;

/// Maximum latency of a call in milliseconds.
const MAX_LATENCY: u64 = 20;

impl World {
    /// Executes a call whose caller waits for it, with a fault that the seed chooses.
    pub(crate) fn call(&mut self, number: u64, by: u64) {
        let Some((service, operation, request)) = self.network.request(number) else { return };
        let fault = choose(&mut self.decisions, &self.profile, service, &operation);
        let latency = Duration::from_millis(1 + self.decisions.up_to(MAX_LATENCY));
        self.clock.advance_to(self.now().saturating_add(latency));
        let description = match service {
            Service::Gateway | Service::Mail | Service::Model => {
                format!("{} {}", request.method(), request.uri().path())
            }
            Service::Table | Service::Queues => format!("{operation}{}", kinds(request.body())),
        };
        self.record(&format!("{}: {description} ({number}): {fault:?}", self.task_name(by)));
        self.apply_fault(number, by, fault);
    }

    /// Name of a task for the trace.
    fn task_name(&self, number: u64) -> String {
        let role = self.tasks.role(number);
        role.map_or_else(|| format!("finished task {number}"), ToString::to_string)
    }

    /// Applies the chosen fault to the call.
    fn apply_fault(&mut self, number: u64, by: u64, fault: CallFault) {
        self.faults += u64::from(fault != CallFault::Succeeds);
        match fault {
            CallFault::Succeeds => self.arrive(number),
            CallFault::NotSent => self.settle(number, Err(NetworkError::NotSent)),
            CallFault::PartialRead => self.read_partly(number),
            CallFault::ResponseLost => {
                let _ = self.perform(number, CallFault::Succeeds);
                self.settle(number, Err(NetworkError::Disconnected));
            }
            CallFault::CrashBefore => {
                self.crash(by);
                self.network.forget(number);
            }
            CallFault::CrashAfter => {
                let _ = self.perform(number, CallFault::Succeeds);
                self.crash(by);
                self.network.forget(number);
            }
            CallFault::Throttled
            | CallFault::ServiceError
            | CallFault::Conflict
            | CallFault::PartialBatch
            | CallFault::Gateway(_) => {
                let result = self.perform(number, fault);
                self.settle(number, result);
            }
        }
    }

    /// Executes a call without a fault.
    pub(crate) fn arrive(&mut self, number: u64) {
        let result = self.perform(number, CallFault::Succeeds);
        self.settle(number, result);
    }

    /// Reads one half of a batch now; the call stays pending for the other half.
    fn read_partly(&mut self, number: u64) {
        let Some((_, operation, request)) = self.network.request(number) else { return };
        let body: Value = serde_json::from_slice(request.body()).unwrap_or_default();
        let Some((now, later)) = halves(&body, number.is_multiple_of(2)) else { return self.arrive(number) };
        let (_, response) = self.table.execute(&operation, &now);
        let mut response: Value = serde_json::from_slice(&response).unwrap_or_default();
        let read_items = items(&mut response).map(std::mem::take).unwrap_or_default();
        self.network.record_read(number, read_items, later.to_string().into());
    }

    /// Delivers the response, rewritten by the seeded bug.
    fn settle(&mut self, number: u64, result: SimResult) {
        let request = self.network.request(number);
        let result = match (self.bug, request) {
            (Some(bug), Some((service, _, request))) => bug.rewrite_response(service, &request, result),
            _ => result,
        };
        self.network.respond(number, result);
    }

    /// Executes the request with a fault, rewritten by the seeded bug.
    fn perform(&mut self, number: u64, fault: CallFault) -> SimResult {
        let (service, operation, mut request) =
            self.network.request(number).ok_or(NetworkError::Disconnected)?;
        let mut body: Value = serde_json::from_slice(request.body()).unwrap_or_default();
        if let Some(bug) = self.bug {
            bug.rewrite(service, number, &mut request, &mut body);
        }
        let now = self.now();
        match (service, fault) {
            (_, CallFault::Throttled) => Ok(throttled().into()),
            (_, CallFault::ServiceError) => Ok(failed().into()),
            (Service::Table, CallFault::Conflict) => {
                Ok(conflict(&body, usize::try_from(number).unwrap_or(0)).into())
            }
            (Service::Table, _) => {
                let response = self.table.execute(&operation, &body);
                Ok(with_items(response, self.network.read_items(number)).into())
            }
            (Service::Queues, CallFault::PartialBatch) => {
                Ok(self.queues.execute(&operation, &body, now, |index| index % 2 == 0).into())
            }
            (Service::Queues, _) => Ok(self.queues.execute(&operation, &body, now, |_| false).into()),
            (Service::Gateway, CallFault::Gateway(mode)) => self.payments.call(request, mode, now),
            (Service::Gateway, _) => self.payments.call(request, GatewayMode::Normal, now),
            // No function of a schedule calls them.
            (Service::Mail | Service::Model, _) => Err(NetworkError::NotSent),
        }
    }
}

/// Splits a batch read into two; `swapped` exchanges the halves. `None` for a single key.
fn halves(body: &Value, swapped: bool) -> Option<(Value, Value)> {
    let (mut first, mut second) = (body.clone(), body.clone());
    let keys = keys(&mut second)?;
    if keys.len() < 2 {
        return None;
    }
    let kept = keys.split_off(keys.len() / 2);
    let others = std::mem::replace(keys, kept);
    *self::keys(&mut first)? = others;
    Some(if swapped { (second, first) } else { (first, second) })
}

/// Keys of a batch read.
fn keys(body: &mut Value) -> Option<&mut Vec<Value>> {
    body["RequestItems"].as_object_mut()?.values_mut().next()?["Keys"].as_array_mut()
}

/// Items in the response of a batch read.
fn items(response: &mut Value) -> Option<&mut Vec<Value>> {
    response["Responses"].as_object_mut()?.values_mut().next()?.as_array_mut()
}

/// Adds items that were read before to a response.
fn with_items((status, body): (u16, Bytes), read_items: Vec<Value>) -> (u16, Bytes) {
    if read_items.is_empty() {
        return (status, body);
    }
    let mut response: Value = serde_json::from_slice(&body).unwrap_or_default();
    if let Some(items) = items(&mut response) {
        items.extend(read_items);
    }
    (status, response.to_string().into())
}

/// Description of the records that a transaction puts.
fn kinds(body: &[u8]) -> String {
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    let kinds: Vec<String> = puts(&body)
        .map(|item| match (item["kind"]["S"].as_str(), item["version"]["N"].as_str()) {
            (Some("order"), Some(version)) => {
                format!("order {version} {}", item["status"]["S"].as_str().unwrap_or_default())
            }
            (kind, _) => kind.unwrap_or_default().to_owned(),
        })
        .collect();
    if kinds.is_empty() { String::new() } else { format!(" of {}", kinds.join(", ")) }
}
