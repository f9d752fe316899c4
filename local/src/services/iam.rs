//! IAM: denies calls that the policies of a function do not allow, and reports grants that were never used.

mod required_actions;

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::template::{Function, IamGrant};

pub(crate) use required_actions::{RequiredAction, actions_for};

/// Policies of the functions of a stack, with the grants that were used. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct IamPolicies {
    roles: Arc<HashMap<String, Role>>,
    denied: Arc<Mutex<BTreeSet<Denied>>>,
}

#[derive(Debug)]
struct Role {
    granted: BTreeSet<IamGrant>,
    /// Used grants, including those that Lambda itself needs on behalf of the function.
    used: Mutex<BTreeSet<IamGrant>>,
}

/// Call that no policy allows.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
#[error("{function} is not authorized to perform: {action} on resource: {resource}")]
pub struct Denied {
    /// Stem of the function.
    pub function: String,
    /// Requested action.
    pub action: String,
    /// Requested resource.
    pub resource: String,
}

impl IamPolicies {
    /// Collects the policies of the functions.
    #[must_use]
    pub fn of(functions: &[Function]) -> Self {
        let role = |function: &Function| {
            let used = Mutex::new(function.platform_grants());
            let role = Role { granted: function.grants.clone(), used };
            (function.stem.clone(), role)
        };
        Self { roles: Arc::new(functions.iter().map(role).collect()), denied: Arc::default() }
    }

    /// Checks that a function is allowed to perform all required actions. Records their grants as used.
    pub(crate) fn check(&self, function: &str, required_actions: &[RequiredAction]) -> Result<(), Denied> {
        let Some(role) = self.roles.get(function) else { return Ok(()) };
        for required in required_actions {
            let granting: Vec<IamGrant> =
                required.grants().filter(|grant| role.granted.contains(grant)).collect();
            if granting.is_empty() {
                let (function, action) = (function.to_owned(), required.action.clone());
                let denied = Denied { function, action, resource: required.resources.join(" or ") };
                lock(&self.denied).insert(denied.clone());
                return Err(denied);
            }
            lock(&role.used).extend(granting);
        }
        Ok(())
    }

    /// Grants of a function that have not been used so far.
    #[must_use]
    pub fn unused(&self, function: &str) -> BTreeSet<IamGrant> {
        let Some(role) = self.roles.get(function) else { return BTreeSet::new() };
        role.granted.difference(&lock(&role.used)).cloned().collect()
    }

    /// Calls that were denied so far.
    #[must_use]
    pub fn denied(&self) -> BTreeSet<Denied> {
        lock(&self.denied).clone()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grant(action: &str, resource: &str) -> IamGrant {
        IamGrant { action: action.to_owned(), resource: resource.to_owned() }
    }

    fn required(action: &str, resources: &[&str]) -> RequiredAction {
        RequiredAction {
            action: action.to_owned(),
            resources: resources.iter().map(|&resource| resource.to_owned()).collect(),
        }
    }

    fn policies(granted: &[IamGrant]) -> IamPolicies {
        let role = Role { granted: granted.iter().cloned().collect(), used: Mutex::default() };
        let roles = Arc::new(HashMap::from([("api-x".to_owned(), role)]));
        IamPolicies { roles, denied: Arc::default() }
    }

    #[test]
    fn calls_without_grant_are_denied_and_unused_grants_listed() {
        let (put, get, send) = (grant("db:Put", "table"), grant("db:Get", "table"), grant("sqs:Send", "a"));
        let policies = policies(&[put.clone(), get.clone(), send.clone()]);
        assert_eq!(policies.check("api-x", &[required("db:Put", &["table"])]), Ok(()));
        let denied =
            policies.check("api-x", &[required("db:Get", &["table"]), required("db:Get", &["table/index"])]);
        let denied = denied.unwrap_err();
        assert_eq!(policies.denied(), BTreeSet::from([denied.clone()]));
        assert_eq!(denied.to_string(), "api-x is not authorized to perform: db:Get on resource: table/index");
        assert_eq!(policies.unused("api-x"), BTreeSet::from([send]));
        assert_eq!(
            policies.check("api-x", &[required("sqs:Send", &["b", "a"])]),
            Ok(()),
            "a grant on one of the resources is enough"
        );
        assert!(policies.unused("api-x").is_empty());
    }
}
