//! Everything that the auditor looks at, gathered once nothing moves.

use local::services::ses::Email;
use stripe_sandbox::Ledger;

use super::{Expectations, History, HttpLog, Items, MoneyAndStock, Violation};
use super::{emails, events, projections, sessions, stock, versions};
use crate::app::TestApp;
use crate::audit::{rate_limits, uniqueness};
use crate::recount::Counts;

/// What there is, how it came about, and what others have on record.
#[derive(Debug, Clone, Default)]
pub struct AuditSnapshot {
    /// The table.
    pub items: Items,
    /// How the table came about.
    pub history: History,
    /// The payment gateway's own ledger.
    pub ledger: Ledger,
    /// The postbox.
    pub emails: Vec<Email>,
}

impl AuditSnapshot {
    /// Reads all of it.
    ///
    /// # Panics
    /// If the table does not answer, or holds what does not read.
    pub async fn gather(shop: &TestApp) -> Self {
        Self {
            items: Items::scan(shop).await,
            history: History::read(shop),
            ledger: shop.stack().payments().ledger(),
            emails: shop.stack().mail().sent(),
        }
    }

    /// Everything that should not be so.
    #[must_use]
    pub fn violations(&self, journal: &Expectations, exchanges: &HttpLog) -> Vec<Violation> {
        let books = MoneyAndStock::of(&self.items);
        let mut found = books.audit(journal, &self.ledger);
        found.extend(stock::in_any_version(&self.history));
        found.extend(versions::without_a_gap(&self.history));
        found.extend(events::of_every_version(&self.history));
        found.extend(projections::as_a_recount_has_them(&self.items, &Counts::of_items(&self.items)));
        found.extend(projections::up_to_date(&self.items, &self.history));
        found.extend(projections::never_older(&self.history));
        found.extend(emails::once(&self.items, &self.history, &self.emails));
        found.extend(uniqueness::in_the_table(&self.items));
        found.extend(exchanges.violations(&books));
        found.extend(sessions::spent_once(&self.history));
        found.extend(rate_limits::kept(&self.history, exchanges.limits()));
        found
    }
}
