//! Tables of the page.

use super::{Table, short};
use crate::Sandbox;
use crate::intent::PaymentIntent;

/// Tables, in the order of the page.
pub(super) const TABLES: [Table; 8] = [
    Table { title: "Balance", columns: &["Currency", "Available", "Pending"], rows: balance },
    Table {
        title: "Balance transactions",
        columns: &[
            "Created (UTC)",
            "Type",
            "Amount",
            "Fee",
            "Net",
            "Available (UTC)",
            "Source",
            "Transaction",
        ],
        rows: transactions,
    },
    Table {
        title: "Accounts",
        columns: &["Created (UTC)", "Transfers", "Account", "Country", "E-mail", "Due", "Disabled"],
        rows: accounts,
    },
    Table {
        title: "Transfers",
        columns: &["Created (UTC)", "Amount", "Reversed", "Transfer", "Account", "Group"],
        rows: transfers,
    },
    Table {
        title: "Disputes",
        columns: &["Created (UTC)", "Status", "Amount", "Reason", "Dispute", "Charge", "Order"],
        rows: disputes,
    },
    Table {
        title: "Payouts",
        columns: &["Created (UTC)", "Status", "Amount", "Payout", "Account"],
        rows: payouts,
    },
    Table {
        title: "Payment intents",
        columns: &["Created (UTC)", "Status", "Amount", "Refunded", "Intent", "Order", "Charges"],
        rows: intents,
    },
    Table {
        title: "Refunds",
        columns: &["Created (UTC)", "Status", "Amount", "Refund", "Intent", "Order", "Reason"],
        rows: refunds,
    },
];

fn balance(sandbox: &Sandbox) -> Vec<Vec<String>> {
    let balance = sandbox.lock().store.balance(sandbox.inner.clock.now());
    let pending = |currency: &String| balance.pending.get(currency).copied().unwrap_or(0).to_string();
    let rows = balance.available.iter();
    rows.map(|(currency, amount)| vec![currency.clone(), amount.to_string(), pending(currency)]).collect()
}

fn transactions(sandbox: &Sandbox) -> Vec<Vec<String>> {
    let ledger = sandbox.ledger();
    let newest = ledger.balance_transactions.iter().rev();
    newest
        .map(|transaction| {
            vec![
                short(transaction.created),
                transaction.kind.as_str().to_owned(),
                amount(transaction.amount, &transaction.currency),
                transaction.fee.to_string(),
                transaction.net().to_string(),
                short(transaction.available_on),
                transaction.source.clone().unwrap_or_default(),
                transaction.id.clone(),
            ]
        })
        .collect()
}

fn accounts(sandbox: &Sandbox) -> Vec<Vec<String>> {
    let ledger = sandbox.ledger();
    let newest = ledger.accounts.iter().rev();
    newest
        .map(|account| {
            let status = if account.closed { "closed" } else { account.capability_status() };
            vec![
                short(account.created),
                status.to_owned(),
                account.id.clone(),
                account.country.clone(),
                account.email.clone().unwrap_or_default(),
                account.currently_due.join(", "),
                account.disabled_reason().unwrap_or_default().to_owned(),
            ]
        })
        .collect()
}

fn transfers(sandbox: &Sandbox) -> Vec<Vec<String>> {
    let ledger = sandbox.ledger();
    let newest = ledger.transfers.iter().rev();
    newest
        .map(|transfer| {
            vec![
                short(transfer.created),
                amount(transfer.amount, &transfer.currency),
                transfer.amount_reversed().to_string(),
                transfer.id.clone(),
                transfer.destination.clone(),
                transfer.transfer_group.clone().unwrap_or_default(),
            ]
        })
        .collect()
}

fn disputes(sandbox: &Sandbox) -> Vec<Vec<String>> {
    let ledger = sandbox.ledger();
    let newest = ledger.disputes.iter().rev();
    newest
        .map(|dispute| {
            vec![
                short(dispute.created),
                dispute.status.as_str().to_owned(),
                amount(dispute.amount, &dispute.currency),
                dispute.reason.clone(),
                dispute.id.clone(),
                dispute.charge.clone(),
                dispute.order_id.clone().unwrap_or_default(),
            ]
        })
        .collect()
}

fn payouts(sandbox: &Sandbox) -> Vec<Vec<String>> {
    let ledger = sandbox.ledger();
    let newest = ledger.payouts.iter().rev();
    newest
        .map(|payout| {
            vec![
                short(payout.created),
                payout.status.as_str().to_owned(),
                amount(payout.amount, &payout.currency),
                payout.id.clone(),
                payout.account.clone().unwrap_or_default(),
            ]
        })
        .collect()
}

fn intents(sandbox: &Sandbox) -> Vec<Vec<String>> {
    let ledger = sandbox.ledger();
    ledger.intents.iter().rev().map(intent).collect()
}

fn intent(intent: &PaymentIntent) -> Vec<String> {
    let refunded = intent.captured_charge().map_or(0, |charge| charge.amount_refunded);
    let charges = intent.charges.iter().map(|charge| match &charge.failure {
        None => format!("{} succeeded", charge.payment_method),
        Some(failure) => {
            format!("{} {}", charge.payment_method, failure.decline_code.as_ref().unwrap_or(&failure.code))
        }
    });
    vec![
        short(intent.created),
        intent.status.as_str().to_owned(),
        amount(intent.amount, &intent.currency),
        refunded.to_string(),
        intent.id.clone(),
        intent.order_id().unwrap_or_default().to_owned(),
        charges.collect::<Vec<_>>().join(", "),
    ]
}

fn refunds(sandbox: &Sandbox) -> Vec<Vec<String>> {
    let ledger = sandbox.ledger();
    let newest = ledger.refunds.iter().rev();
    newest
        .map(|refund| {
            vec![
                short(refund.created),
                refund.status.as_str().to_owned(),
                amount(refund.amount, &refund.currency),
                refund.id.clone(),
                refund.payment_intent.clone(),
                refund.order_id.clone().unwrap_or_default(),
                refund.reason.clone().unwrap_or_default(),
            ]
        })
        .collect()
}

fn amount(amount: i64, currency: &str) -> String {
    format!("{amount} {currency}")
}
