//! Execution of steps on a system.

mod end;
mod request;
mod sessions;

use std::collections::BTreeMap;

use http::{Method, StatusCode};
use serde_json::Value;
use shared::domain::job::Job;
use shared::domain::order::Order;
use test_support::app::TestResponse;
use test_support::audit::{Exchange, Expectations, HttpLog};
use test_support::openapi_contract;

use crate::coverage::Coverage;
use crate::facts::{Facts, record};
use crate::model::{Kind, Model};
use crate::operations::{Operation, operation};
use crate::rules::expected;
use crate::rules::pages::check_page;
use crate::step::{Call, Caller, Step, Target, Variation};
use crate::system::{OutsideAction, Request, Response, System};
use crate::variations::{other_body, refuses_reused_key};
use sessions::Session;

/// Address of the administrator of the setup.
const ADMIN: &str = "admin@example.com";
/// Number of orders, and of jobs, whose status is read after each step.
const OBSERVED: usize = 8;
/// Maximum number of attempts of a request whose response is lost or is 503.
const MAX_ATTEMPTS: usize = 6;

/// Execution of steps.
pub struct Run<S> {
    system: S,
    model: Model,
    sessions: BTreeMap<Caller, Session>,
    http_log: HttpLog,
    expectations: Expectations,
    /// Coverage so far.
    pub coverage: Coverage,
}

/// Response to a request, and what happened on the way.
struct Answer {
    response: Response,
    /// True if an attempt before had an unknown outcome.
    is_repeated: bool,
}

impl<S: System> Run<S> {
    /// Prepares a run: creates the administrator.
    pub async fn open(mut system: S) -> Self {
        system.create_admin(ADMIN, crate::model::PASSWORD).await;
        Self {
            system,
            model: Model::default(),
            sessions: BTreeMap::from([(Caller::Admin, Session::new(ADMIN))]),
            http_log: HttpLog::default(),
            expectations: Expectations::default(),
            coverage: Coverage::default(),
        }
    }

    /// Resources that the clients know.
    pub const fn model(&self) -> &Model {
        &self.model
    }

    /// Number of injected faults.
    pub fn faults(&self) -> u64 {
        self.system.faults()
    }

    /// Executes a step.
    ///
    /// # Errors
    /// A description of a violation.
    pub async fn execute(&mut self, number: usize, step: &Step) -> Result<(), String> {
        self.take(number, step).await?;
        self.look_at_states().await;
        Ok(())
    }

    /// Reads the status of the latest orders and jobs, so that the generator can choose requests that fit.
    async fn look_at_states(&mut self) {
        for step in self.model.latest(Kind::Order, OBSERVED) {
            let order: Option<Order> = record(&mut self.system, &self.model, step).await;
            self.model.set_status(step, order.map(|order| order.status.to_string()));
        }
        for step in self.model.latest(Kind::Job, OBSERVED) {
            let job: Option<Job> = record(&mut self.system, &self.model, step).await;
            self.model.set_status(step, job.map(|job| job.status.to_string()));
        }
    }

    async fn take(&mut self, number: usize, step: &Step) -> Result<(), String> {
        match step {
            Step::Call(call) => {
                let called = self.call(number, call).await;
                self.system.work(call.work).await;
                return called;
            }
            Step::Pay(order, method) => {
                self.act(*order, |order| OutsideAction::Pay { order, method }).await;
            }
            Step::RefundAtGateway(order, percent) => {
                let percent = *percent;
                self.act(*order, |order| OutsideAction::RefundAtGateway { order, percent }).await;
            }
            Step::SettleRefunds => {
                self.system.act(&OutsideAction::SettleRefunds).await;
            }
            Step::SendMalformedMessage(queue) => {
                self.system.act(&OutsideAction::SendMalformedMessage(queue)).await;
            }
            Step::GatewayOutage(duration) => {
                self.system.act(&OutsideAction::GatewayOutage(*duration)).await;
            }
            Step::PassTime(duration) => self.system.pass_time(*duration).await,
            Step::Settle => self.system.idle().await,
        }
        Ok(())
    }

    async fn act(&mut self, order: usize, action: impl FnOnce(String) -> OutsideAction) {
        if let Some(order) = self.model.get(order).map(|order| order.id.clone()) {
            self.system.act(&action(order)).await;
        }
    }

    async fn call(&mut self, number: usize, call: &Call) -> Result<(), String> {
        let operation = operation(call.operation);
        let before = Facts::read(&mut self.system, &self.model, call).await;
        let Some(request) = self.prepare(number, call, operation).await else { return Ok(()) };
        let answer = self.send(operation, &request).await?;
        let Some(Answer { response, is_repeated }) = answer else { return Ok(()) };
        self.coverage.record(&operation.id, response.status.as_u16(), before.states(call));
        let after = Facts::read(&mut self.system, &self.model, call).await;
        let before = before.with_blockers_until(&after);
        self.check(number, call, &response, &before, &after, is_repeated)?;
        self.record(number, call, &request, &response);
        if response.status.is_success() {
            self.follow_up(number, call, operation, &request, &response).await?;
        }
        Ok(())
    }

    /// Sends a request, again if its outcome is unknown, and checks the response against the API description.
    async fn send(&mut self, operation: &Operation, request: &Request) -> Result<Option<Answer>, String> {
        let mut is_repeated = false;
        for _ in 0..MAX_ATTEMPTS {
            let faults = self.system.faults();
            let response = self.system.send(request).await;
            let had_faults = self.system.faults() > faults;
            let Some(response) = response else {
                is_repeated = true;
                continue;
            };
            let status = response.status.as_u16();
            if status == 503 && had_faults {
                self.coverage.record(&operation.id, status, Vec::new());
                is_repeated = true;
                continue;
            }
            let conforms = openapi_contract::check(
                &request.method,
                &request.path,
                response.status,
                &response.headers,
                &response.body,
            );
            conforms?;
            if status >= 500 {
                let body = String::from_utf8_lossy(&response.body);
                return Err(format!("{} failed with {status}: {body}", operation.id));
            }
            return Ok(Some(Answer { response, is_repeated }));
        }
        Ok(None)
    }

    /// Checks a response against the rules, which may see the state before or after concurrent changes.
    fn check(
        &self,
        number: usize,
        call: &Call,
        response: &Response,
        before: &Facts,
        after: &Facts,
        is_repeated: bool,
    ) -> Result<(), String> {
        let status = response.status.as_u16();
        let is_permitted = match call.variation.statuses() {
            Some(statuses) => statuses.contains(&status),
            // The first attempt may have taken effect before its response was lost.
            None if is_repeated => true,
            None => [before, after].iter().any(|facts| expected(call, facts, &self.model).permits(status)),
        };
        if is_permitted {
            return if response.status.is_success() { check_page(call, &response.json()) } else { Ok(()) };
        }
        let required = match call.variation.statuses() {
            Some(statuses) => format!("{statuses:?}"),
            None => format!("{:?}", expected(call, before, &self.model)),
        };
        let body = String::from_utf8_lossy(&response.body);
        Err(format!("step {number}, {call}: {status} instead of {required}: {body}"))
    }

    /// Records what a client learns from a response.
    fn record(&mut self, number: usize, call: &Call, request: &Request, response: &Response) {
        self.record_exchange(call, request, response);
        if !response.status.is_success() {
            return;
        }
        let data = response.json()["data"].take();
        self.model.record(number, call, &data);
        self.record_stock(number, call, &data);
        self.record_session(number, call, &data);
    }

    fn model_id(&self, caller: Caller) -> Option<String> {
        match caller {
            Caller::Account(step) => self.model.get(step).map(|account| account.id.clone()),
            Caller::Admin | Caller::Anonymous => None,
        }
    }

    /// Records the units that a request added to a product, and acknowledged orders.
    fn record_stock(&mut self, number: usize, call: &Call, data: &Value) {
        let body = call.body.as_ref();
        match (call.operation, call.target) {
            ("createProduct", _) => {
                let stock = body.and_then(|body| body["stock"].as_i64()).unwrap_or_default();
                if let Some(product) = self.model.get(number) {
                    self.expectations.stocked.insert(product.id.clone(), stock);
                }
            }
            ("restockProduct", Target::Created(product)) => {
                let delta = body.and_then(|body| body["delta"].as_i64()).unwrap_or_default();
                if let Some(product) = self.model.get(product) {
                    *self.expectations.stocked.entry(product.id.clone()).or_default() += delta;
                }
            }
            ("placeOrder", _) => {
                self.expectations.acknowledged.extend(data["id"].as_str().map(str::to_owned));
            }
            _ => {}
        }
    }

    /// Sends the requests that belong to a variation after the first one has succeeded.
    async fn follow_up(
        &mut self,
        number: usize,
        call: &Call,
        operation: &Operation,
        request: &Request,
        first: &Response,
    ) -> Result<(), String> {
        let subject = format!("step {number}, {call}");
        match call.variation {
            Variation::Repeat => {
                let Some(Answer { response, .. }) = self.send(operation, request).await? else {
                    return Ok(());
                };
                self.record_exchange(call, request, &response);
                let is_same = response.status == first.status && response.body == first.body;
                if is_same && response.header("idempotent-replay").is_some() {
                    return Ok(());
                }
                let (status, body) = (response.status, String::from_utf8_lossy(&response.body));
                Err(format!("{subject}: the repetition returned {status} {body}"))
            }
            Variation::ReusedKey => {
                let request = match other_body(call).and_then(|body| self.resolve(&body)) {
                    Some(body) => Request { body: Some(body.to_string()), ..request.clone() },
                    None => Request { path: request::of_other_resource(&request.path), ..request.clone() },
                };
                let status = self.send_again(operation, &request).await?.map(|response| response.status);
                match status.filter(|status| !refuses_reused_key(call, *status)) {
                    Some(status) => Err(format!("{subject}: {status} for a reused key")),
                    None => Ok(()),
                }
            }
            Variation::NotModified => {
                let Some(tag) = first.header("etag") else { return Ok(()) };
                let mut request = request.clone();
                request.headers.push(("if-none-match".to_owned(), tag.clone()));
                let Some(response) = self.send_again(operation, &request).await? else { return Ok(()) };
                let is_unchanged = response.header("etag").as_ref() == Some(&tag);
                if is_unchanged == (response.status == StatusCode::NOT_MODIFIED) {
                    return Ok(());
                }
                Err(format!("{subject}: {} for the present tag {tag}", response.status))
            }
            _ => Ok(()),
        }
    }

    /// Sends a request that follows another one, and counts its response.
    async fn send_again(
        &mut self,
        operation: &Operation,
        request: &Request,
    ) -> Result<Option<Response>, String> {
        let answer = self.send(operation, request).await?;
        Ok(answer.map(|Answer { response, .. }| {
            self.coverage.record(&operation.id, response.status.as_u16(), Vec::new());
            response
        }))
    }

    /// Records a request with an idempotency key, and its response.
    fn record_exchange(&mut self, call: &Call, request: &Request, response: &Response) {
        let key = request.headers.iter().find(|(name, _)| name == "idempotency-key");
        if let (Some((_, key)), Some(caller)) = (key, self.model_id(call.caller)) {
            let response = TestResponse {
                status: response.status,
                headers: response.headers.clone(),
                text: String::from_utf8_lossy(&response.body).into_owned(),
            };
            let path = request.path.split('?').next().unwrap_or_default();
            let route = format!("{} {path}", request.method);
            self.http_log.record(Exchange { caller, route, key: key.clone(), response });
        }
    }

    /// Reads the entity tag of a resource as the caller; `*` if it is not visible.
    async fn fetch_tag(&mut self, path: &str, authorization: Option<&(String, String)>) -> String {
        let headers = authorization.cloned().into_iter().collect();
        let path = path.to_owned();
        let request = Request { method: Method::GET, path, headers, body: None };
        let response = self.system.send(&request).await;
        response.and_then(|response| response.header("etag")).unwrap_or_else(|| "*".to_owned())
    }

    /// Number of resources of each kind.
    pub fn count(&self, kind: Kind) -> usize {
        self.model.of(kind).count()
    }
}
