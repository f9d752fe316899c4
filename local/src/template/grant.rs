//! What the policies of a function grant.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{Grant, TemplateError, parameter::scalar, props::Props};

/// Every action on every resource of the function's own policy statements.
///
/// Only what is exact can be held against calls: statements that allow, without wildcards and conditions. Managed
/// policies are not known here.
pub(super) fn read(props: &Props<'_>) -> Result<BTreeSet<Grant>, TemplateError> {
    let mut grants = BTreeSet::new();
    for policy in props.list("Policies")? {
        let policy = Props::of(policy, props.place("Policies"))?;
        policy.only(&["Version", "Statement"])?;
        for statement in policy.list("Statement")? {
            let statement = Props::of(statement, policy.place("Statement"))?;
            statement.only(&["Effect", "Action", "Resource"])?;
            let (actions, resources) = (exact(&statement, "Action")?, exact(&statement, "Resource")?);
            for action in &actions {
                let grant = |resource: &String| Grant { action: action.clone(), resource: resource.clone() };
                grants.extend(resources.iter().map(grant));
            }
        }
    }
    Ok(grants)
}

/// One text or several, none of which is a pattern.
fn exact(statement: &Props<'_>, key: &str) -> Result<Vec<String>, TemplateError> {
    let texts = match statement.get(key) {
        None => return Err(statement.missing(key)),
        Some(Value::Array(_)) => statement.texts(key)?,
        Some(one) => scalar(one).into_iter().collect(),
    };
    match texts.iter().find(|text| text.contains(['*', '?'])) {
        None => Ok(texts),
        Some(pattern) => Err(TemplateError::Unsupported {
            place: statement.place(key),
            what: format!("the pattern {pattern}"),
        }),
    }
}
