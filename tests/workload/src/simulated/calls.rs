//! Calls of services: their faults and responses.

use std::time::Duration;

use http::Request;
use serde_json::Value;
use simulation::faults::{CallFault, choose, conflict, failed, throttled};
use simulation::network::{NetworkError, Service, SimResult};
use simulation::payments::GatewayMode;

use super::{Role, Simulated};
use crate::system::System as _;

/// Latency of the table and the queues.
const LATENCY: Duration = Duration::from_millis(3);
/// Maximum number of crashes during the processing of a message, below its maximum number of receives.
const MAX_CRASHES: u32 = 3;
/// Maximum delay of a webhook in milliseconds.
const MAX_WEBHOOK_DELAY: u64 = 60_000;
/// Latency of the gateway, the mail service and the model.
const PROVIDER_LATENCY: Duration = Duration::from_millis(200);

impl Simulated {
    /// Executes a call whose caller waits for it, with a fault that the seed chooses, or delivers its response.
    pub(super) fn call(&mut self, number: u64) {
        if let Some(index) = self.on_their_way.iter().position(|(other, ..)| *other == number) {
            let (_, _, result) = self.on_their_way.swap_remove(index);
            return self.network.respond(number, result);
        }
        let Some((service, operation, request)) = self.network.request(number) else { return };
        let fault = choose(&mut self.decisions, &self.profile, service, &operation);
        let is_crash = matches!(fault, CallFault::CrashBefore | CallFault::CrashAfter);
        let fault = if is_crash && !self.may_crash(number) { CallFault::Succeeds } else { fault };
        self.faults += u64::from(fault != CallFault::Succeeds);
        if matches!(service, Service::Table | Service::Queues) {
            self.clock.advance_to(self.now().saturating_add(LATENCY));
        }
        match fault {
            CallFault::NotSent => self.network.respond(number, Err(NetworkError::NotSent)),
            CallFault::ResponseLost => {
                let _ = self.perform(service, &operation, request, CallFault::Succeeds);
                self.network.respond(number, Err(NetworkError::Disconnected));
            }
            CallFault::CrashBefore => self.crash_caller(number),
            CallFault::CrashAfter => {
                let _ = self.perform(service, &operation, request, CallFault::Succeeds);
                self.crash_caller(number);
            }
            fault => {
                let result = self.perform(service, &operation, request, fault);
                if matches!(service, Service::Table | Service::Queues) {
                    self.network.respond(number, result);
                } else {
                    let due = self.now().saturating_add(PROVIDER_LATENCY);
                    self.on_their_way.push((number, due, result));
                }
            }
        }
    }

    /// Task that waits for a call.
    fn caller(&self, number: u64) -> Option<u64> {
        let open = self.network.open();
        open.iter().find(|(call, ..)| *call == number).map(|(_, caller, _)| *caller)
    }

    /// Returns true if the caller may crash: a message whose consumer crashes at each attempt becomes a dead letter.
    fn may_crash(&self, number: u64) -> bool {
        let role = self.caller(number).and_then(|caller| self.tasks.role(caller));
        let Some(Role::Consumer { batch, .. }) = role else { return true };
        let crashes = |message| self.crashes.get(message).copied().unwrap_or_default();
        batch.iter().all(|message| crashes(message) < MAX_CRASHES)
    }

    fn crash_caller(&mut self, number: u64) {
        if let Some(caller) = self.caller(number) {
            self.crash(caller);
        }
        self.network.forget(number);
    }

    /// Calls the gateway. Half of the webhooks that result are delivered at once, the others later.
    pub(super) fn call_gateway(&mut self, request: Request<bytes::Bytes>, mode: GatewayMode) -> SimResult {
        let (now, known) = (self.now(), self.payments.webhooks.len());
        let result = self.payments.call(request, mode, now);
        for index in known..self.payments.webhooks.len() {
            let delay = if self.decisions.happens(500) { self.decisions.up_to(MAX_WEBHOOK_DELAY) } else { 0 };
            self.payments.webhooks[index].due = now.saturating_add(Duration::from_millis(delay));
        }
        result
    }

    /// Executes a request with a fault that has a response.
    fn perform(
        &mut self,
        service: Service,
        operation: &str,
        request: Request<bytes::Bytes>,
        fault: CallFault,
    ) -> SimResult {
        let body: Value = serde_json::from_slice(request.body()).unwrap_or_default();
        let (now, elapsed) = (self.now(), self.clock.elapsed());
        match (service, fault) {
            (_, CallFault::Throttled) => Ok(throttled().into()),
            (_, CallFault::ServiceError) => Ok(failed().into()),
            (Service::Table, CallFault::Conflict) => Ok(conflict(&body, 0).into()),
            (Service::Table, _) => Ok(self.table.execute(operation, &body).into()),
            (Service::Queues, CallFault::PartialBatch) => {
                Ok(self.queues.execute(operation, &body, now, |index| index % 2 == 0).into())
            }
            (Service::Queues, _) => Ok(self.queues.execute(operation, &body, now, |_| false).into()),
            (Service::Gateway, _) if now < self.outage_until => {
                self.call_gateway(request, GatewayMode::Fails(503))
            }
            (Service::Gateway, CallFault::Gateway(mode)) => self.call_gateway(request, mode),
            (Service::Gateway, _) => self.call_gateway(request, GatewayMode::Normal),
            (Service::Mail, _) => self.providers.send(request, None, elapsed).0,
            (Service::Model, _) => self.providers.embed(&request, false, elapsed).0,
        }
    }
}
