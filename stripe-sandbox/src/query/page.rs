//! Paging of lists (<https://docs.stripe.com/api/pagination>), newest first, and their filter by time.

use super::limit;
use crate::error::StripeError;
use crate::form::Form;

/// Page of a list.
pub(super) struct Page {
    limit: usize,
    cursor: Cursor,
}

enum Cursor {
    Newest,
    /// Objects that are older than this one.
    StartingAfter(String),
    /// Objects that are newer than this one.
    EndingBefore(String),
}

/// Objects of a page, newest first, and whether there are more in the direction of the page.
pub(super) type Cut<'a, T> = (Vec<&'a T>, bool);

impl Page {
    pub(super) fn parse(form: &mut Form) -> Result<Self, StripeError> {
        let cursor = match (form.text("starting_after")?, form.text("ending_before")?) {
            (None, None) => Cursor::Newest,
            (Some(id), None) => Cursor::StartingAfter(id),
            (None, Some(id)) => Cursor::EndingBefore(id),
            (Some(_), Some(_)) => {
                let message = "You may only specify one of these parameters: starting_after, ending_before.";
                return Err(StripeError::invalid(message));
            }
        };
        Ok(Self { limit: limit(form)?, cursor })
    }

    /// Selects the page of `all`, which are newest first.
    pub(super) fn cut<'a, T>(
        &self,
        all: impl Iterator<Item = &'a T>,
        id: impl Fn(&T) -> &String,
        kind: &str,
    ) -> Result<Cut<'a, T>, StripeError> {
        let mut all = all;
        match &self.cursor {
            Cursor::Newest => {}
            Cursor::StartingAfter(last) => {
                if !all.any(|object| id(object) == last) {
                    return Err(no_such(kind, last, "starting_after"));
                }
            }
            Cursor::EndingBefore(first) => {
                let mut is_found = false;
                let newer = all.take_while(|object| {
                    is_found = id(object) == first;
                    !is_found
                });
                let mut newer: Vec<_> = newer.collect();
                if !is_found {
                    return Err(no_such(kind, first, "ending_before"));
                }
                let page = newer.split_off(newer.len().saturating_sub(self.limit));
                return Ok((page, !newer.is_empty()));
            }
        }
        let page = all.by_ref().take(self.limit).collect();
        Ok((page, all.next().is_some()))
    }
}

fn no_such(kind: &str, id: &str, param: &str) -> StripeError {
    StripeError::invalid(format!("No such {kind}: '{id}'")).code("resource_missing").param(param)
}

/// Inclusive bounds of `created`, in seconds.
pub(super) struct Created {
    from: i64,
    to: i64,
}

impl Created {
    pub(super) fn parse(form: &mut Form) -> Result<Self, StripeError> {
        let exact = form.integer("created")?;
        let mut bounds = Self { from: exact.unwrap_or(i64::MIN), to: exact.unwrap_or(i64::MAX) };
        if let Some(after) = form.integer("created[gt]")? {
            bounds.from = after.saturating_add(1);
        }
        if let Some(from) = form.integer("created[gte]")? {
            bounds.from = from;
        }
        if let Some(before) = form.integer("created[lt]")? {
            bounds.to = before.saturating_sub(1);
        }
        if let Some(to) = form.integer("created[lte]")? {
            bounds.to = to;
        }
        Ok(bounds)
    }

    pub(super) fn covers(&self, second: i64) -> bool {
        (self.from..=self.to).contains(&second)
    }
}
