//! Order scenarios, determined by the card and by the actions of buyer and seller.

use serde_json::{Value, json};
use test_support::audit::{Invariant, Violation};

use crate::fixture::{ClientRequest, Fixture};

/// Scenario of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scenario {
    /// The card is charged.
    Confirmed,
    /// The card is declined.
    Declined,
    /// The stock is insufficient.
    OutOfStock,
    /// The buyer cancels the confirmed order.
    Cancelled,
    /// The seller refunds the confirmed order in full.
    Refunded,
    /// The buyer pays at the gateway, whose webhook confirms the order.
    Paid,
    /// The buyer cancels instead of paying.
    CancelledUnpaid,
    /// The order is shipped and delivered, and refunded in part.
    Delivered,
}

/// A placed order.
#[derive(Debug, Clone)]
pub(crate) struct PlacedOrder {
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
        Self::CancelledUnpaid,
        Self::Delivered,
    ];

    /// Scenario of a trial.
    pub(crate) fn of(number: u64) -> Self {
        Self::ALL[usize::try_from(number).unwrap_or_default() % Self::ALL.len()]
    }

    /// Final status of the order.
    pub(crate) const fn final_status(self) -> &'static str {
        match self {
            Self::Confirmed | Self::Paid => "confirmed",
            Self::Declined | Self::OutOfStock => "rejected",
            Self::Cancelled | Self::CancelledUnpaid => "cancelled",
            Self::Refunded => "refunded",
            Self::Delivered => "delivered",
        }
    }

    const fn payment_method(self) -> Option<&'static str> {
        match self {
            Self::Declined => Some("pm_card_chargeDeclined"),
            Self::Paid | Self::CancelledUnpaid => None,
            _ => Some("pm_card_visa"),
        }
    }

    /// Runs the whole scenario, until the order reaches its final status.
    pub(crate) async fn run(self, fixture: &Fixture, trial: u64) -> Result<PlacedOrder, Violation> {
        let placed = self.place(fixture, trial).await?;
        self.run_after(fixture, &placed).await?;
        self.wait_for_end(fixture, &placed).await?;
        Ok(placed)
    }

    /// Places the order of a new product.
    pub(crate) async fn place(self, fixture: &Fixture, trial: u64) -> Result<PlacedOrder, Violation> {
        let stock = if self == Self::OutOfStock { 1 } else { 5 };
        let product = fixture.product(trial, stock).await?;
        self.place_order_of(fixture, trial, &product).await
    }

    /// Places the order of `product`.
    pub(crate) async fn place_order_of(
        self,
        fixture: &Fixture,
        trial: u64,
        product: &str,
    ) -> Result<PlacedOrder, Violation> {
        let id = fixture.order(trial, product, 2, self.payment_method()).await?;
        Ok(PlacedOrder { trial, id })
    }

    /// Waits for the required status, and performs the actions of buyer and seller.
    pub(crate) async fn run_after(self, fixture: &Fixture, placed: &PlacedOrder) -> Result<(), Violation> {
        match self {
            Self::Confirmed | Self::Declined | Self::OutOfStock => Ok(()),
            Self::Cancelled => {
                placed.wait_for_status(fixture, "confirmed").await?;
                placed.cancel(fixture).await
            }
            Self::Refunded => {
                placed.wait_for_status(fixture, "confirmed").await?;
                placed.refund(fixture, None).await
            }
            Self::Paid => placed.pay(fixture).await,
            Self::CancelledUnpaid => {
                placed.wait_for_payment_intent(fixture).await?;
                placed.cancel(fixture).await
            }
            Self::Delivered => {
                placed.wait_for_status(fixture, "confirmed").await?;
                let parcel = json!({ "carrier": "Snail", "trackingNumber": "S-42" });
                placed.post_as_seller(fixture, "ship", parcel).await?;
                placed.post_as_seller(fixture, "deliver", json!({})).await?;
                placed.refund(fixture, Some(500)).await
            }
        }
    }

    /// Waits for the final status, and for the completion of all refunds.
    pub(crate) async fn wait_for_end(self, fixture: &Fixture, placed: &PlacedOrder) -> Result<(), Violation> {
        let status = self.final_status();
        let settled = |order: &Value| {
            let refunds = order["refunds"].as_array().cloned().unwrap_or_default();
            order["status"] == status && refunds.iter().all(|refund| refund["status"] == "succeeded")
        };
        let what = format!("{status}, and all refunds succeeded");
        fixture.wait_for_order(placed.trial, &placed.id, &what, settled).await.map(drop)
    }
}

impl PlacedOrder {
    /// Waits for a status.
    pub(crate) async fn wait_for_status(&self, fixture: &Fixture, status: &str) -> Result<(), Violation> {
        let has_status = |order: &Value| order["status"] == status;
        fixture.wait_for_order(self.trial, &self.id, status, has_status).await.map(drop)
    }

    /// Cancels the order as the buyer.
    pub(crate) async fn cancel(&self, fixture: &Fixture) -> Result<(), Violation> {
        let path = format!("/v1/orders/{}/cancel", self.id);
        let request =
            ClientRequest::post(fixture.buyer(self.trial), path, format!("cancel-{}", self.id), json!({}));
        fixture.expect_success(&request).await.map(drop)
    }

    /// Refunds `amount` as the seller; everything if it is `None`.
    pub(crate) async fn refund(&self, fixture: &Fixture, amount: Option<i64>) -> Result<(), Violation> {
        let mut body = json!({ "reason": "One mug was cracked." });
        if let Some(amount) = amount {
            body["amount"] = json!({ "amount": amount, "currency": "EUR" });
        }
        self.post_as_seller(fixture, "refund", body).await
    }

    async fn post_as_seller(&self, fixture: &Fixture, action: &str, body: Value) -> Result<(), Violation> {
        let path = format!("/v1/orders/{}/{action}", self.id);
        let request = ClientRequest::post(&fixture.seller, path, format!("{action}-{}", self.id), body);
        fixture.expect_success(&request).await.map(drop)
    }

    /// Waits for the payment intent, and returns its id.
    pub(crate) async fn wait_for_payment_intent(&self, fixture: &Fixture) -> Result<String, Violation> {
        let has_intent = |order: &Value| order["payment"]["gatewayId"].is_string();
        let shown = fixture.wait_for_order(self.trial, &self.id, "a payment intent", has_intent).await?;
        Ok(shown["payment"]["gatewayId"].as_str().unwrap_or_default().to_owned())
    }

    /// Pays at the gateway as the buyer, like in a browser.
    pub(crate) async fn pay(&self, fixture: &Fixture) -> Result<(), Violation> {
        let intent = self.wait_for_payment_intent(fixture).await?;
        let base = fixture.app.stack().payments_endpoint();
        let paid = reqwest::Client::new()
            .post(format!("{base}/sandbox/payment_intents/{intent}/pay"))
            .form(&[("payment_method", "pm_card_visa")])
            .send()
            .await;
        let status = paid.map_or_else(|error| error.to_string(), |response| response.status().to_string());
        let rejected = Violation::new(Invariant::Sagas, &self.id, "a payable order", &status);
        if status.starts_with("200") { Ok(()) } else { Err(rejected) }
    }
}
