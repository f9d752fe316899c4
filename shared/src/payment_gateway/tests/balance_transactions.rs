//! Balance transactions, oldest first.

use super::Fixture;
use crate::domain::order::payment::GatewayId;
use crate::kit::system::clock::{Clock as _, SystemClock, Timestamp};
use crate::payment_gateway::balance_transactions::{
    BalanceTransactions, TransactionKind, TransactionPage, TransactionQuery,
};

impl Fixture {
    async fn transactions(&self, after: Option<&GatewayId>) -> TransactionPage {
        let query = TransactionQuery { after: after.cloned(), from: Timestamp::from_millis(0) };
        self.gateway.transactions(&query, &self.correlation).await.unwrap()
    }
}

#[tokio::test]
async fn transactions_are_read_from_the_oldest_unseen_one() {
    let fixture = Fixture::new();
    assert!(fixture.transactions(None).await.transactions.is_empty());
    for amount in 1..=230 {
        let form = format!("type=topup&amount={amount}&currency=eur");
        fixture.post("/sandbox/balance_transactions", &form).await;
    }
    let mut page = fixture.transactions(None).await;
    let mut amounts = Vec::new();
    let mut pages = 1;
    loop {
        amounts.extend(page.transactions.iter().map(|transaction| transaction.amount));
        if !page.has_more {
            break;
        }
        let last = page.transactions.last().unwrap().id.clone();
        page = fixture.transactions(Some(&last)).await;
        pages += 1;
    }
    assert!(amounts.iter().copied().eq(1..=230), "{amounts:?}");
    assert_eq!(pages, 5, "30 of the oldest page, and 200 in pages of 50");

    let last = page.transactions.last().unwrap().id.clone();
    assert!(fixture.transactions(Some(&last)).await.transactions.is_empty());
    fixture.charge("pm_card_visa").await;
    let later = fixture.transactions(Some(&last)).await;
    assert_eq!((later.transactions[0].amount, later.has_more), (2_000, false));
}

#[tokio::test]
async fn transaction_has_type_fee_currency_and_source() {
    let fixture = Fixture::new();
    let intent = fixture.charge("pm_card_createDispute").await;
    fixture.post("/sandbox/balance_transactions", "type=topup&amount=1&currency=xxx").await;
    let found = fixture.transactions(None).await.transactions;
    let [charge, adjustment, other] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!((&charge.kind, charge.amount, charge.fee), (&TransactionKind::Charge, 2_000, 55));
    assert_eq!(charge.source.as_ref().map(|id| id.0.as_str()), intent["latest_charge"].as_str());
    assert_eq!(charge.currency, Some("EUR".parse().unwrap()));
    assert!(charge.created <= SystemClock.now());
    let dispute = fixture.sandbox.ledger().disputes[0].id.clone();
    assert_eq!((adjustment.amount, adjustment.fee), (-2_000, 2_000));
    assert_eq!(
        (&adjustment.kind, &adjustment.source),
        (&TransactionKind::Adjustment, &Some(GatewayId(dispute)))
    );
    assert_eq!((&other.kind, other.currency), (&TransactionKind::Other("topup".to_owned()), None));
}
