//! Selection of the endpoint by method and path. It is not left to the router, because Stripe responds to an
//! unknown method like to an unknown path.

use http::Method;

use super::{Endpoint, Read, Write};

impl Endpoint {
    /// Finds the endpoint.
    pub(crate) fn of(method: &Method, path: &str) -> Option<Self> {
        let segments: Vec<&str> = path.trim_matches('/').split('/').collect();
        match (method.as_str(), segments.as_slice()) {
            ("GET", ["v1", rest @ ..]) => read(rest).map(Self::Read),
            ("POST", ["v1", rest @ ..]) => write(rest).map(Self::Write),
            ("DELETE", ["v1", "accounts", id]) => Some(Self::Write(Write::DeleteAccount((*id).to_owned()))),
            ("POST", ["sandbox", rest @ ..]) => control(rest).map(Self::Write),
            _ => None,
        }
    }
}

fn read(segments: &[&str]) -> Option<Read> {
    Some(match *segments {
        ["payment_intents"] => Read::Intents,
        ["payment_intents", "search"] => Read::Search,
        ["payment_intents", id] => Read::Intent(id.to_owned()),
        ["charges"] => Read::Charges,
        ["refunds"] => Read::Refunds,
        ["refunds", id] => Read::Refund(id.to_owned()),
        ["balance"] => Read::Balance,
        ["balance_transactions"] => Read::Transactions,
        ["balance_transactions", id] => Read::Transaction(id.to_owned()),
        ["accounts", id] => Read::Account(id.to_owned()),
        ["disputes"] => Read::Disputes,
        ["disputes", id] => Read::Dispute(id.to_owned()),
        ["payouts"] => Read::Payouts,
        ["payouts", id] => Read::Payout(id.to_owned()),
        ["transfers"] => Read::Transfers,
        ["transfers", id] => Read::Transfer(id.to_owned()),
        _ => return None,
    })
}

fn write(segments: &[&str]) -> Option<Write> {
    Some(match *segments {
        ["payment_intents"] => Write::Create,
        ["payment_intents", id, "confirm"] => Write::Confirm(id.to_owned()),
        ["payment_intents", id, "cancel"] => Write::Cancel(id.to_owned()),
        ["refunds"] => Write::Refund,
        ["accounts"] => Write::CreateAccount,
        ["account_links"] => Write::CreateAccountLink,
        ["disputes", id] => Write::UpdateDispute(id.to_owned()),
        ["disputes", id, "close"] => Write::CloseDispute(id.to_owned()),
        ["transfers"] => Write::CreateTransfer,
        ["transfers", id, "reversals"] => Write::ReverseTransfer(id.to_owned()),
        _ => return None,
    })
}

/// Endpoints for the actions of customers, owners of accounts, banks and the dashboard.
fn control(segments: &[&str]) -> Option<Write> {
    Some(match *segments {
        ["payment_intents", id, "pay"] => Write::Pay(id.to_owned()),
        ["refunds", id, "settle"] => Write::SettleRefund(id.to_owned()),
        ["accounts", id, action] => Write::ChangeAccount(id.to_owned(), action.to_owned()),
        ["transfers", id, "reverse"] => Write::ReverseInDashboard(id.to_owned()),
        ["payouts"] => Write::CreatePayout,
        ["payouts", id, action] => Write::SettlePayout(id.to_owned(), action.to_owned()),
        ["balance_transactions"] => Write::RecordTransaction,
        ["disputes"] => Write::OpenDispute,
        ["disputes", id, decision] => Write::SettleDispute(id.to_owned(), decision.to_owned()),
        ["account_links", id, "open"] => Write::OpenLink(id.to_owned()),
        ["account_links", id, "submit"] => Write::SubmitLink(id.to_owned()),
        _ => return None,
    })
}
