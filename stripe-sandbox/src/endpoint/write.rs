//! Endpoints that write.

use crate::command::{
    CancelIntent, ChangeAccount, Command, ConfirmIntent, CreateAccount, CreateAccountLink, CreateIntent,
    CreatePayout, CreateRefund, CreateTransfer, Onboard, OpenDispute, Pay, RecordTransaction,
    ReverseTransfer, SettleDispute, SettlePayout, SettleRefund, UpdateDispute,
};
use crate::error::StripeError;
use crate::fault_rules::Operation;
use crate::form::Form;

pub(crate) enum Write {
    Create,
    Confirm(String),
    Cancel(String),
    Refund,
    Pay(String),
    SettleRefund(String),
    CreateAccount,
    DeleteAccount(String),
    /// Account and change.
    ChangeAccount(String, String),
    CreateAccountLink,
    OpenLink(String),
    SubmitLink(String),
    CreateTransfer,
    ReverseTransfer(String),
    ReverseInDashboard(String),
    OpenDispute,
    UpdateDispute(String),
    CloseDispute(String),
    /// Dispute and decision.
    SettleDispute(String, String),
    CreatePayout,
    /// Payout and change.
    SettlePayout(String, String),
    RecordTransaction,
}

impl Write {
    pub(super) fn operation(&self) -> Operation {
        match self {
            Self::Create => Operation::Create,
            Self::Confirm(_) => Operation::Confirm,
            Self::Cancel(_) => Operation::Cancel,
            Self::Refund => Operation::Refund,
            Self::Pay(_) => Operation::Pay,
            Self::SettleRefund(_) => Operation::SettleRefund,
            Self::CreateAccount => Operation::CreateAccount,
            Self::DeleteAccount(_) => Operation::DeleteAccount,
            Self::ChangeAccount(..) => Operation::ChangeAccount,
            Self::CreateAccountLink => Operation::CreateAccountLink,
            Self::OpenLink(_) | Self::SubmitLink(_) => Operation::Onboard,
            Self::CreateTransfer => Operation::CreateTransfer,
            Self::ReverseTransfer(_) => Operation::ReverseTransfer,
            Self::ReverseInDashboard(_) => Operation::ReverseInDashboard,
            Self::OpenDispute => Operation::OpenDispute,
            Self::UpdateDispute(_) => Operation::UpdateDispute,
            Self::CloseDispute(_) => Operation::CloseDispute,
            Self::SettleDispute(..) => Operation::SettleDispute,
            Self::CreatePayout => Operation::CreatePayout,
            Self::SettlePayout(..) => Operation::SettlePayout,
            Self::RecordTransaction => Operation::RecordTransaction,
        }
    }

    /// Id of the object that a call of the API changes; `None` if it creates one. Actions of customers, owners of
    /// accounts, banks and the dashboard are not calls of the API.
    pub(crate) fn object(&self, form: &Form) -> Option<String> {
        match self {
            Self::Confirm(id)
            | Self::Cancel(id)
            | Self::DeleteAccount(id)
            | Self::ReverseTransfer(id)
            | Self::UpdateDispute(id)
            | Self::CloseDispute(id) => Some(id.clone()),
            Self::Refund => form.get("payment_intent").map(ToOwned::to_owned),
            _ => None,
        }
    }

    pub(crate) fn command(self, form: Form) -> Result<Command, StripeError> {
        Ok(match self {
            Self::Create => Command::Create(CreateIntent::parse(form)?),
            Self::Confirm(id) => Command::Confirm(ConfirmIntent::parse(id, form)?),
            Self::Cancel(id) => Command::Cancel(CancelIntent::parse(id, form)?),
            Self::Refund => Command::Refund(CreateRefund::parse(form)?),
            Self::Pay(id) => Command::Pay(Pay::parse(id, form)?),
            Self::SettleRefund(id) => Command::SettleRefund(SettleRefund::parse(id, form)?),
            Self::CreateAccount => Command::CreateAccount(CreateAccount::parse(form)?),
            Self::DeleteAccount(id) => Command::ChangeAccount(ChangeAccount::delete(id, form)?),
            Self::ChangeAccount(id, action) => {
                Command::ChangeAccount(ChangeAccount::parse(id, &action, form)?)
            }
            Self::CreateAccountLink => Command::CreateAccountLink(CreateAccountLink::parse(form)?),
            Self::OpenLink(id) => Command::Onboard(Onboard::open(id, form)?),
            Self::SubmitLink(id) => Command::Onboard(Onboard::submit(id, form)?),
            Self::CreateTransfer => Command::CreateTransfer(CreateTransfer::parse(form)?),
            Self::OpenDispute => Command::OpenDispute(OpenDispute::parse(form)?),
            Self::UpdateDispute(id) => Command::UpdateDispute(UpdateDispute::parse(id, form)?),
            Self::CloseDispute(id) => Command::SettleDispute(SettleDispute::accept(id, form)?),
            Self::SettleDispute(id, decision) => {
                Command::SettleDispute(SettleDispute::parse(id, &decision, form)?)
            }
            Self::CreatePayout => Command::CreatePayout(CreatePayout::parse(form)?),
            Self::SettlePayout(id, action) => Command::SettlePayout(SettlePayout::parse(id, &action, form)?),
            Self::RecordTransaction => Command::RecordTransaction(RecordTransaction::parse(form)?),
            Self::ReverseTransfer(id) | Self::ReverseInDashboard(id) => {
                Command::ReverseTransfer(ReverseTransfer::parse(id, form)?)
            }
        })
    }
}
