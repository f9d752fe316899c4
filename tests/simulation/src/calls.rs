//! What becomes of a call: its fate, its arrival, its answer.

use std::time::Duration;

use bytes::Bytes;
use serde_json::Value;

use crate::faults::{CallFault, conflict, failed, fate, throttled};
use crate::network::{Broken, Reply, Service};
use crate::payments::GatewayMode;
use crate::table::puts;
use crate::world::World;

/// How long a call takes at most, in milliseconds.
const LATENCY: u64 = 20;

impl World {
    /// What becomes of a call that somebody waits for.
    pub(crate) fn call(&mut self, number: u64, by: u64) {
        let Some((service, operation, request)) = self.network.request(number) else { return };
        let fate = fate(&mut self.chance, &self.storm, service, &operation);
        let latency = Duration::from_millis(1 + self.chance.up_to(LATENCY));
        self.clock.advance_to(self.now().saturating_add(latency));
        let what = match service {
            Service::Gateway => format!("{} {}", request.method(), request.uri().path()),
            Service::Table | Service::Queues => format!("{operation}{}", kinds(request.body())),
        };
        self.note(&format!("{}: {what} ({number}): {fate:?}", self.tasks.name(by)));
        self.apply_fault(number, by, fate);
    }

    /// The call meets its fate.
    fn apply_fault(&mut self, number: u64, by: u64, fate: CallFault) {
        self.faults += u64::from(fate != CallFault::Arrives);
        match fate {
            CallFault::Arrives => self.arrive(number),
            CallFault::NotSent => self.settle(number, Err(Broken::NotSent)),
            CallFault::Torn => self.read_partly(number),
            CallFault::AnswerLost => {
                let _ = self.perform(number, CallFault::Arrives);
                self.settle(number, Err(Broken::CutOff));
            }
            CallFault::CrashBefore => {
                self.crash(by);
                self.network.forget(number);
            }
            CallFault::CrashAfter => {
                let _ = self.perform(number, CallFault::Arrives);
                self.crash(by);
                self.network.forget(number);
            }
            CallFault::Throttled
            | CallFault::Fails
            | CallFault::Conflict
            | CallFault::Partly
            | CallFault::Gateway(_) => {
                let reply = self.perform(number, fate);
                self.settle(number, reply);
            }
        }
    }

    /// The call arrives, is done, and is answered.
    pub(crate) fn arrive(&mut self, number: u64) {
        let reply = self.perform(number, CallFault::Arrives);
        self.settle(number, reply);
    }

    /// One half of what a batch reads is read now; the call stays on its way for the other.
    fn read_partly(&mut self, number: u64) {
        let Some((_, operation, request)) = self.network.request(number) else { return };
        let body: Value = serde_json::from_slice(request.body()).unwrap_or_default();
        let Some((now, later)) = halves(&body, number.is_multiple_of(2)) else { return self.arrive(number) };
        let (_, answer) = self.table.execute(&operation, &now);
        let mut answer: Value = serde_json::from_slice(&answer).unwrap_or_default();
        let seen = items(&mut answer).map(std::mem::take).unwrap_or_default();
        self.network.has_seen(number, seen, later.to_string().into());
    }

    /// The caller gets its answer, as a planted bug has it.
    fn settle(&mut self, number: u64, reply: Reply) {
        let request = self.network.request(number);
        let reply = match (self.plant, request) {
            (Some(plant), Some((service, _, request))) => plant.misread(service, &request, reply),
            _ => reply,
        };
        self.network.answer(number, reply);
    }

    /// Does what a call asks for, or what its fate makes of it.
    fn perform(&mut self, number: u64, fate: CallFault) -> Reply {
        let (service, operation, mut request) = self.network.request(number).ok_or(Broken::CutOff)?;
        let mut body: Value = serde_json::from_slice(request.body()).unwrap_or_default();
        if let Some(plant) = self.plant {
            plant.rewrite(service, number, &mut request, &mut body);
        }
        let now = self.now();
        match (service, fate) {
            (_, CallFault::Throttled) => Ok(throttled().into()),
            (_, CallFault::Fails) => Ok(failed().into()),
            (Service::Table, CallFault::Conflict) => {
                Ok(conflict(&body, usize::try_from(number).unwrap_or(0)).into())
            }
            (Service::Table, _) => {
                let answer = self.table.execute(&operation, &body);
                Ok(with(answer, self.network.seen(number)).into())
            }
            (Service::Queues, CallFault::Partly) => {
                Ok(self.queues.execute(&operation, &body, now, |place| place % 2 == 0).into())
            }
            (Service::Queues, _) => Ok(self.queues.execute(&operation, &body, now, |_| false).into()),
            (Service::Gateway, CallFault::Gateway(mood)) => self.payments.call(request, mood, now),
            (Service::Gateway, _) => self.payments.call(request, GatewayMode::Well, now),
        }
    }
}

/// A batch read in two; which half comes first is `swapped` or not. One key cannot be halved.
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

/// The keys that a batch read asks the one table for.
fn keys(body: &mut Value) -> Option<&mut Vec<Value>> {
    body["RequestItems"].as_object_mut()?.values_mut().next()?["Keys"].as_array_mut()
}

/// The items that a batch read was answered with.
fn items(answer: &mut Value) -> Option<&mut Vec<Value>> {
    answer["Responses"].as_object_mut()?.values_mut().next()?.as_array_mut()
}

/// An answer, with what was seen before.
fn with((status, body): (u16, Bytes), seen: Vec<Value>) -> (u16, Bytes) {
    if seen.is_empty() {
        return (status, body);
    }
    let mut answer: Value = serde_json::from_slice(&body).unwrap_or_default();
    if let Some(items) = items(&mut answer) {
        items.extend(seen);
    }
    (status, answer.to_string().into())
}

/// What a transaction puts, in words.
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
