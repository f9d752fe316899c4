//! What becomes of an order: the ways that people and cards bring about.

use serde_json::{Value, json};
use test_support::audit::{Invariant, Violation};

use crate::fixture::{ClientRequest, Fixture};

/// How an order is meant to go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scenario {
    /// The card is charged.
    Confirmed,
    /// The card is declined.
    Declined,
    /// There is too little stock.
    OutOfStock,
    /// The buyer cancels once it is confirmed.
    Cancelled,
    /// The seller gives all of it back once it is confirmed.
    Refunded,
    /// The buyer pays at the gateway, whose webhook confirms it.
    Paid,
    /// The buyer is to pay, and cancels instead.
    CalledOff,
    /// It is sent, arrives, and a part is given back.
    Delivered,
}

/// An order on its way.
#[derive(Debug, Clone)]
pub(crate) struct Placed {
    pub(crate) trial: u64,
    pub(crate) id: String,
}

impl Scenario {
    pub(crate) const ALL: [Self; 8] = [
        Self::Confirmed,
        Self::Declined,
        Self::OutOfStock,
        Self::Cancelled,
        Self::Refunded,
        Self::Paid,
        Self::CalledOff,
        Self::Delivered,
    ];

    /// The course of a trial.
    pub(crate) fn of(number: u64) -> Self {
        Self::ALL[usize::try_from(number).unwrap_or_default() % Self::ALL.len()]
    }

    /// Its status in the end.
    pub(crate) const fn end(self) -> &'static str {
        match self {
            Self::Confirmed | Self::Paid => "confirmed",
            Self::Declined | Self::OutOfStock => "rejected",
            Self::Cancelled | Self::CalledOff => "cancelled",
            Self::Refunded => "refunded",
            Self::Delivered => "delivered",
        }
    }

    const fn method(self) -> Option<&'static str> {
        match self {
            Self::Declined => Some("pm_card_chargeDeclined"),
            Self::Paid | Self::CalledOff => None,
            _ => Some("pm_card_visa"),
        }
    }

    /// The order and all that people do about it, until it is at its end.
    pub(crate) async fn run(self, bench: &Fixture, trial: u64) -> Result<Placed, Violation> {
        let placed = self.place(bench, trial).await?;
        self.run_after(bench, &placed).await?;
        self.ends(bench, &placed).await?;
        Ok(placed)
    }

    /// Places the order, of a product of its own.
    pub(crate) async fn place(self, bench: &Fixture, trial: u64) -> Result<Placed, Violation> {
        let stock = if self == Self::OutOfStock { 1 } else { 5 };
        let product = bench.product(trial, stock).await?;
        self.place_of(bench, trial, &product).await
    }

    /// Places the order of this product.
    pub(crate) async fn place_of(
        self,
        bench: &Fixture,
        trial: u64,
        product: &str,
    ) -> Result<Placed, Violation> {
        let id = bench.order(trial, product, (2, self.method())).await?;
        Ok(Placed { trial, id })
    }

    /// What people do once the order has come as far as that.
    pub(crate) async fn run_after(self, bench: &Fixture, placed: &Placed) -> Result<(), Violation> {
        match self {
            Self::Confirmed | Self::Declined | Self::OutOfStock => Ok(()),
            Self::Cancelled => {
                placed.is(bench, "confirmed").await?;
                placed.cancel(bench).await
            }
            Self::Refunded => {
                placed.is(bench, "confirmed").await?;
                placed.refund(bench, None).await
            }
            Self::Paid => placed.pay(bench).await,
            Self::CalledOff => {
                placed.payable(bench).await?;
                placed.cancel(bench).await
            }
            Self::Delivered => {
                placed.is(bench, "confirmed").await?;
                let parcel = json!({ "carrier": "Snail", "trackingNumber": "S-42" });
                placed.seller_does(bench, "ship", parcel).await?;
                placed.seller_does(bench, "deliver", json!({})).await?;
                placed.refund(bench, Some(500)).await
            }
        }
    }

    /// Waits for the end: the status, and that nothing is left to be given back.
    pub(crate) async fn ends(self, bench: &Fixture, placed: &Placed) -> Result<(), Violation> {
        let end = self.end();
        let settled = |order: &Value| {
            let refunds = order["refunds"].as_array().cloned().unwrap_or_default();
            order["status"] == end && refunds.iter().all(|refund| refund["status"] == "succeeded")
        };
        let what = format!("{end}, with nothing left to be given back");
        bench.order_is((placed.trial, &placed.id), &what, settled).await.map(drop)
    }
}

impl Placed {
    /// Waits for a status.
    pub(crate) async fn is(&self, bench: &Fixture, status: &str) -> Result<(), Violation> {
        let so = |order: &Value| order["status"] == status;
        bench.order_is((self.trial, &self.id), status, so).await.map(drop)
    }

    /// The buyer cancels.
    pub(crate) async fn cancel(&self, bench: &Fixture) -> Result<(), Violation> {
        let path = format!("/v1/orders/{}/cancel", self.id);
        let wish =
            ClientRequest::post(bench.buyer(self.trial), path, format!("cancel-{}", self.id), json!({}));
        bench.expect_success(&wish).await.map(drop)
    }

    /// The seller gives back a part, or all of it.
    pub(crate) async fn refund(&self, bench: &Fixture, amount: Option<i64>) -> Result<(), Violation> {
        let mut body = json!({ "reason": "One mug was cracked." });
        if let Some(amount) = amount {
            body["amount"] = json!({ "amount": amount, "currency": "EUR" });
        }
        self.seller_does(bench, "refund", body).await
    }

    async fn seller_does(&self, bench: &Fixture, what: &str, body: Value) -> Result<(), Violation> {
        let path = format!("/v1/orders/{}/{what}", self.id);
        let wish = ClientRequest::post(&bench.seller, path, format!("{what}-{}", self.id), body);
        bench.expect_success(&wish).await.map(drop)
    }

    /// What the buyer is to pay, as soon as there is something.
    pub(crate) async fn payable(&self, bench: &Fixture) -> Result<String, Violation> {
        let is_there = |order: &Value| order["payment"]["gatewayId"].is_string();
        let shown = bench.order_is((self.trial, &self.id), "something to pay", is_there).await?;
        Ok(shown["payment"]["gatewayId"].as_str().unwrap_or_default().to_owned())
    }

    /// The buyer pays at the gateway, in a browser.
    pub(crate) async fn pay(&self, bench: &Fixture) -> Result<(), Violation> {
        let intent = self.payable(bench).await?;
        let base = bench.shop.stack().payments_endpoint();
        let paid = reqwest::Client::new()
            .post(format!("{base}/sandbox/payment_intents/{intent}/pay"))
            .form(&[("payment_method", "pm_card_visa")])
            .send()
            .await;
        let status = paid.map_or_else(|error| error.to_string(), |answer| answer.status().to_string());
        let refused = Violation::new(Invariant::Sagas, &self.id, "it can be paid", &status);
        if status.starts_with("200") { Ok(()) } else { Err(refused) }
    }
}
