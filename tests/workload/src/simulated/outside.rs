//! Actions outside of the API: payments and refunds at the gateway, and messages of others.

use bytes::Bytes;
use http::Request;
use shared::domain::user::register::RegisterUser;
use shared::domain::user::{Credentials, Role, UserId};
use shared::kit::auth::password::Hasher;
use simulation::payments::GatewayMode;
use simulation::template_config::DEPLOYMENT;
use stripe_sandbox::RefundStatus;

use super::Simulated;
use crate::system::{OutsideAction, System as _};

/// Command that creates an account with the role `admin`.
pub(super) async fn register_admin(id: UserId, email: &str, password: &str) -> RegisterUser {
    let hash = Hasher::default().hash(password.parse().expect("the password is valid")).await;
    RegisterUser {
        id,
        email: email.parse().expect("the address is valid"),
        name: "Admin".parse().expect("the name is valid"),
        role: Role::Admin,
        credentials: Credentials { password_hash: hash.expect("the password is hashed") },
    }
}

impl Simulated {
    pub(super) fn execute_outside(&mut self, action: &OutsideAction) -> bool {
        let now = self.now();
        match action {
            OutsideAction::Pay { order, method } => self.payments.pay(order, method, now),
            OutsideAction::RefundAtGateway { order, percent } => self.refund_at_gateway(order, *percent),
            OutsideAction::SettleRefunds => self.settle_refunds(),
            OutsideAction::GatewayOutage(duration) => {
                self.outage_until = now.saturating_add(*duration);
                true
            }
            OutsideAction::SendMalformedMessage(queue) => {
                let name = &DEPLOYMENT.queue(queue).expect("the template has the queue").name;
                self.queues.send(name, "not JSON", now);
                true
            }
        }
    }

    fn refund_at_gateway(&mut self, order: &str, percent: i64) -> bool {
        let ledger = self.payments.ledger();
        let Some(intent) = ledger
            .intents
            .iter()
            .find(|intent| intent.order_id() == Some(order) && intent.captured_charge().is_some())
        else {
            return false;
        };
        let amount = ledger.net(order) * percent / 100;
        if amount <= 0 {
            return false;
        }
        let form = format!("payment_intent={}&amount={amount}", intent.id);
        self.post("/v1/refunds", &form)
    }

    /// Settles all refunds that change some time after they were accepted.
    fn settle_refunds(&mut self) -> bool {
        let refunds = self.payments.ledger().refunds;
        let open = refunds.into_iter().filter(|refund| refund.status != RefundStatus::Failed);
        let settled: Vec<bool> =
            open.map(|refund| self.post(&format!("/sandbox/refunds/{}/settle", refund.id), "")).collect();
        settled.contains(&true)
    }

    fn post(&mut self, path: &str, form: &str) -> bool {
        let request = Request::post(path)
            .header("authorization", format!("Bearer {}", simulation::payments::SECRET))
            .body(Bytes::from(form.to_owned()));
        let request = request.expect("the request is valid");
        let response = self.call_gateway(request, GatewayMode::Normal);
        response.is_ok_and(|response| response.status < 300)
    }
}
