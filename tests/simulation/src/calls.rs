//! What becomes of a call: its fate, its arrival, its answer.

use std::time::Duration;

use serde_json::Value;

use crate::faults::{Fate, conflict, failed, fate, throttled};
use crate::network::{Broken, Reply, Service};
use crate::payments::Mood;
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
        self.clock.advance_to(self.now().plus(latency));
        let what = match service {
            Service::Gateway => format!("{} {}", request.method(), request.uri().path()),
            Service::Table | Service::Queues => format!("{operation}{}", kinds(request.body())),
        };
        self.note(&format!("{}: {what} ({number}): {fate:?}", self.tasks.name(by)));
        self.befall(number, by, fate);
    }

    /// The call meets its fate.
    fn befall(&mut self, number: u64, by: u64, fate: Fate) {
        self.faults += u64::from(fate != Fate::Arrives);
        match fate {
            Fate::Arrives => self.arrive(number),
            Fate::NotSent => self.settle(number, Err(Broken::NotSent)),
            Fate::AnswerLost => {
                let _ = self.perform(number, Fate::Arrives);
                self.settle(number, Err(Broken::CutOff));
            }
            Fate::CrashBefore => {
                self.crash(by);
                self.network.forget(number);
            }
            Fate::CrashAfter => {
                let _ = self.perform(number, Fate::Arrives);
                self.crash(by);
                self.network.forget(number);
            }
            Fate::Throttled | Fate::Fails | Fate::Conflict | Fate::Partly | Fate::Gateway(_) => {
                let reply = self.perform(number, fate);
                self.settle(number, reply);
            }
        }
    }

    /// The call arrives, is done, and is answered.
    pub(crate) fn arrive(&mut self, number: u64) {
        let reply = self.perform(number, Fate::Arrives);
        self.settle(number, reply);
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
    fn perform(&mut self, number: u64, fate: Fate) -> Reply {
        let (service, operation, mut request) = self.network.request(number).ok_or(Broken::CutOff)?;
        let mut body: Value = serde_json::from_slice(request.body()).unwrap_or_default();
        if let Some(plant) = self.plant {
            plant.rewrite(service, number, &mut request, &mut body);
        }
        let now = self.now();
        match (service, fate) {
            (_, Fate::Throttled) => Ok(throttled().into()),
            (_, Fate::Fails) => Ok(failed().into()),
            (Service::Table, Fate::Conflict) => {
                Ok(conflict(&body, usize::try_from(number).unwrap_or(0)).into())
            }
            (Service::Table, _) => Ok(self.table.execute(&operation, &body).into()),
            (Service::Queues, Fate::Partly) => {
                Ok(self.queues.execute(&operation, &body, now, |place| place % 2 == 0).into())
            }
            (Service::Queues, _) => Ok(self.queues.execute(&operation, &body, now, |_| false).into()),
            (Service::Gateway, Fate::Gateway(mood)) => self.payments.call(request, mood, now),
            (Service::Gateway, _) => self.payments.call(request, Mood::Well, now),
        }
    }
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
