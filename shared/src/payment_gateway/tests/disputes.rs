//! Disputes.

use std::time::Duration;

use super::{Fixture, ORDER, euro};
use crate::domain::order::payment::GatewayId;
use crate::kit::system::clock::{Clock as _, SystemClock, Timestamp};
use crate::payment_gateway::disputes::{
    DisputePage, DisputeQuery, Disputes, GatewayDispute, GatewayDisputeStatus,
};

impl Fixture {
    async fn disputes(&self, after: Option<GatewayId>) -> DisputePage {
        let until = SystemClock.now().saturating_add(Duration::from_mins(1));
        let query = DisputeQuery { from: Timestamp::from_millis(0), until, after };
        self.gateway.disputes(&query, &self.correlation).await.unwrap()
    }

    async fn dispute(&self, id: &str) -> Option<GatewayDispute> {
        self.gateway.dispute(&GatewayId(id.to_owned()), &self.correlation).await.unwrap()
    }
}

#[tokio::test]
async fn dispute_has_its_order_and_funds() {
    let fixture = Fixture::new();
    let intent = fixture.charge("pm_card_createDispute").await;
    let page = fixture.disputes(None).await;
    let [dispute] = page.disputes.as_slice() else { panic!("{page:?}") };
    assert_eq!((&page.last, page.has_more), (&Some(dispute.id.clone()), false));
    assert_eq!(dispute.order_id, Some(ORDER.parse().unwrap()));
    assert_eq!(Some(dispute.payment.0.as_str()), intent["id"].as_str());
    assert_eq!((dispute.amount, dispute.status), (euro(2_000), GatewayDisputeStatus::NeedsResponse));
    assert_eq!((dispute.reason.as_str(), dispute.is_charge_refundable), ("fraudulent", false));
    assert_eq!(dispute.transactions.len(), 1);
    assert!(dispute.evidence_due_by.is_some_and(|due_by| due_by > dispute.created));
    assert_eq!(fixture.dispute(&dispute.id.0).await.as_ref(), Some(dispute));
    assert_eq!(fixture.disputes(page.last.clone()).await.disputes, []);

    fixture.post(&format!("/sandbox/disputes/{}/win", dispute.id), "").await;
    let won = fixture.dispute(&dispute.id.0).await.unwrap();
    assert_eq!((won.status, won.transactions.len()), (GatewayDisputeStatus::Won, 2));
    assert!(won.is_charge_refundable);
    assert_eq!(fixture.dispute("du_unknown").await, None);
}

#[tokio::test]
async fn inquiry_has_moved_no_funds() {
    let fixture = Fixture::new();
    fixture.charge("pm_card_createDisputeInquiry").await;
    let inquiry = fixture.disputes(None).await.disputes.remove(0);
    assert_eq!(inquiry.status, GatewayDisputeStatus::WarningNeedsResponse);
    assert!(inquiry.transactions.is_empty() && inquiry.is_charge_refundable);
}

#[tokio::test]
async fn dispute_in_an_unknown_currency_is_left_out_of_the_page() {
    let fixture = Fixture::new();
    let form = "amount=2000&currency=xxx&payment_method=pm_card_createDispute&confirm=true\
                &payment_method_types[]=card";
    fixture.post("/v1/payment_intents", form).await;
    let page = fixture.disputes(None).await;
    assert!(page.disputes.is_empty() && page.last.is_some());
}
