//! Journal entries of one order from its payment to a refund, which `docs/money.md` shows.

use shared::domain::ledger::Account;
use shared::domain::market::settings::commission::CommissionSettings;
use shared::domain::market::settings::set::{SetMarketSettings, SettingsRight};
use shared::domain::order::fulfilment::advance::FulfilmentTransition;
use shared::domain::order::payment::refund::RefundStatus;
use shared::domain::order::payment::{Capture, GatewayId};
use shared::domain::order::refund::by_line::LinesToRefund;
use shared::domain::order::refund::{RefundOrder, RefundPart};
use shared::domain::order::shipment::deliver::DeliverOrder;
use shared::domain::order::shipment::ship::ShipOrder;
use shared::domain::order::{OrderId, Shipment};
use shared::domain::values::period::Period;
use shared::kit::command::page::PageRequest;
use shared::kit::system::clock::{Clock, SystemClock};
use shared::repository::ledger::entries::EntryQuery;
use test_support::fixture::{MARKET, Marketplace, ORDER, PRODUCT, cents, id, seller};
use test_support::workspace;

/// Columns of the table.
const ACCOUNTS: [Account; 5] = [
    Account::Gateway,
    Account::Commission,
    Account::RefundsOwed,
    Account::SellerPending,
    Account::SellerAvailable,
];

/// Lets an order be paid, shipped, delivered, and refunded in part. Returns the steps with journal entries.
async fn live(marketplace: &Marketplace) -> [&'static str; 4] {
    let settings = CommissionSettings { basis_points: Some(1_000.try_into().unwrap()) };
    let (market_id, by, right) = (id(MARKET), seller(), SettingsRight::ByPermission);
    marketplace.run(SetMarketSettings { market_id, by, right, expected: None, settings }).await;
    let order: OrderId = id(ORDER);
    marketplace.shipped_order_at(SystemClock.now(), order).await;
    marketplace.advance(FulfilmentTransition::Reserve).await;
    let capture = Capture { gateway_id: GatewayId("pi_1".to_owned()), amount: cents(4_488) };
    marketplace.advance(FulfilmentTransition::Captured(capture)).await;
    let (carrier, tracking_number) = ("DHL".parse().unwrap(), "1".parse().unwrap());
    let shipment = Shipment { carrier, tracking_number };
    marketplace.run(ShipOrder { id: order, by, shipment }).await;
    marketplace.run(DeliverOrder { id: order, by }).await;
    let items = vec![(id(PRODUCT), 1.try_into().unwrap())];
    let part = RefundPart::Lines(LinesToRefund { items, shipping: false, restock: false });
    let reason = "cracked".parse().unwrap();
    marketplace.run(RefundOrder { id: order, by, may_refund_any: false, part, reason }).await;
    marketplace.refund_reported(1, RefundStatus::Succeeded).await;
    ["paid", "delivered", "refund decided", "refund made"]
}

#[tokio::test]
async fn life_of_an_order_is_the_documented_one() {
    let marketplace = Marketplace::with_sample_data().await;
    let steps = live(&marketplace).await;
    let (market, order, period) = (id(MARKET), Some(id(ORDER)), Period::default());
    let query = EntryQuery { market, order, period, descending: false };
    let entries = marketplace.reader.entries(&query, &PageRequest::first(10)).await.unwrap().items;
    assert_eq!(entries.len(), steps.len());
    let amounts = |posted: &[(Account, i64)]| {
        let amount = |account| posted.iter().filter(|(of, _)| *of == account).map(|(_, amount)| amount).sum();
        ACCOUNTS
            .map(|account: Account| -> i64 { amount(account) })
            .map(|amount| format!(" {amount} |"))
            .concat()
    };
    let mut rows = vec![format!("| |{}", ACCOUNTS.map(|account| format!(" `{account}` |")).concat())];
    rows.push(format!("|---|{}", "---:|".repeat(ACCOUNTS.len())));
    let mut sums = Vec::new();
    for (entry, step) in entries.iter().zip(steps) {
        let posted = entry.postings.iter().map(|posting| (posting.account, posting.amount));
        let posted: Vec<(Account, i64)> = posted.collect();
        rows.push(format!("| {step} (version {}) |{}", entry.id.order_version.get(), amounts(&posted)));
        sums.extend(posted);
    }
    rows.push(format!("| balance |{}", amounts(&sums)));
    let table = rows.join("\n");
    println!("{table}");
    let documented = std::fs::read_to_string(workspace("docs/money.md")).unwrap();
    assert!(documented.contains(&table), "not documented:\n{table}");
}
