//! The auditor: holds the table and the payment gateway's own ledger against each other, once nothing moves any more.
