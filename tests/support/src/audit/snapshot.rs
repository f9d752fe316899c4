//! All data that the auditor checks, read when the system is idle.

use local::services::ses::Email;
use stripe_sandbox::Ledger;

use super::{Expectations, History, HttpLog, Items, Journal, MoneyAndStock, Violation};
use super::{emails, event_log, events, jobs, journal, lines, projections, sessions, stock, versions};
use crate::app::TestApp;
use crate::audit::{market_status, personal_data, rate_limits, settings, uniqueness};
use crate::recount::Counts;

/// State and history of the table, the gateway's ledger, and the sent e-mails.
#[derive(Debug, Clone, Default)]
pub struct AuditSnapshot {
    /// Current items of the table.
    pub items: Items,
    /// History of the table.
    pub history: History,
    /// The payment gateway's ledger.
    pub ledger: Ledger,
    /// Sent e-mails.
    pub emails: Vec<Email>,
}

impl AuditSnapshot {
    /// Reads all data.
    ///
    /// # Panics
    /// If the table does not respond, or contains an invalid item.
    pub async fn read(app: &TestApp) -> Self {
        Self {
            items: Items::scan(app).await,
            history: History::read(app),
            ledger: app.stack().payments().ledger(),
            emails: app.stack().mail().sent(),
        }
    }

    /// Runs all checks.
    #[must_use]
    pub fn violations(&self, expectations: &Expectations, log: &HttpLog) -> Vec<Violation> {
        let state = MoneyAndStock::of(&self.items);
        let mut found = state.audit(expectations, &self.ledger);
        found
            .extend(Journal::of(&self.items).violations(&self.ledger, |order| state.is_dead_lettered(order)));
        found.extend(journal::entries_are_final(&self.history));
        found.extend(stock::in_any_version(&self.history));
        found.extend(versions::without_a_gap(&self.history));
        found.extend(events::of_every_version(&self.history));
        found.extend(lines::frozen_and_added_up(&self.history));
        found.extend(event_log::has_every_event_once(&self.items, &self.history));
        let (stored, recount) = Counts::of_items(&self.items);
        found.extend(projections::equal_a_recount(&self.items, &stored, &recount));
        found.extend(projections::up_to_date(&self.items, &self.history));
        found.extend(projections::never_older(&self.history));
        found.extend(emails::once(&self.items, &self.history, &self.emails));
        found.extend(jobs::output_while_stored(&self.items));
        found.extend(jobs::owners_notified(&self.items));
        found.extend(uniqueness::in_the_table(&self.items));
        found.extend(market_status::equals_its_copies(&self.items));
        found.extend(settings::of_markets(&self.items, &self.history));
        found.extend(personal_data::only_in_addresses(&self.history, &self.emails, &self.ledger));
        found.extend(log.violations(&state));
        found.extend(sessions::spent_once(&self.history));
        found.extend(rate_limits::kept(&self.history, log.limits()));
        found
    }
}
