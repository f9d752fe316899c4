//! Access as IAM has it: a call that the policies of a function do not grant is refused, and what they grant and nobody
//! ever used can be told.

mod required_actions;

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::template::{Function, Grant};

pub(crate) use required_actions::{RequiredAction, needs};

/// What the functions of a stack are granted, and what of it they have used. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct IamPolicies {
    roles: Arc<HashMap<String, Role>>,
    denied: Arc<Mutex<BTreeSet<Denied>>>,
}

#[derive(Debug)]
struct Role {
    granted: BTreeSet<Grant>,
    /// What was used; what Lambda needs in the function's name counts as that.
    used: Mutex<BTreeSet<Grant>>,
}

/// A call that no policy grants.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
#[error("{function} is not authorized to perform: {action} on resource: {resource}")]
pub struct Denied {
    /// Stem of the function.
    pub function: String,
    /// What it wanted to do.
    pub action: String,
    /// To what.
    pub resource: String,
}

impl IamPolicies {
    /// What the policies of these functions grant.
    #[must_use]
    pub fn of(functions: &[Function]) -> Self {
        let role = |function: &Function| {
            let used = Mutex::new(function.platform_grants());
            let role = Role { granted: function.grants.clone(), used };
            (function.stem.clone(), role)
        };
        Self { roles: Arc::new(functions.iter().map(role).collect()), denied: Arc::default() }
    }

    /// Whether a function may do all of this.
    pub(crate) fn check(&self, function: &str, needs: &[RequiredAction]) -> Result<(), Denied> {
        let Some(role) = self.roles.get(function) else { return Ok(()) };
        for need in needs {
            let granting: Vec<Grant> = need.grants().filter(|grant| role.granted.contains(grant)).collect();
            if granting.is_empty() {
                let (function, action) = (function.to_owned(), need.action.clone());
                let denied = Denied { function, action, resource: need.resources.join(" or ") };
                lock(&self.denied).insert(denied.clone());
                return Err(denied);
            }
            lock(&role.used).extend(granting);
        }
        Ok(())
    }

    /// What a function is granted for itself and has not used so far.
    #[must_use]
    pub fn unused(&self, function: &str) -> BTreeSet<Grant> {
        let Some(role) = self.roles.get(function) else { return BTreeSet::new() };
        role.granted.difference(&lock(&role.used)).cloned().collect()
    }

    /// What functions wanted to do and were not granted.
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

    fn grant(action: &str, resource: &str) -> Grant {
        Grant { action: action.to_owned(), resource: resource.to_owned() }
    }

    fn need(action: &str, resources: &[&str]) -> RequiredAction {
        RequiredAction {
            action: action.to_owned(),
            resources: resources.iter().map(|&resource| resource.to_owned()).collect(),
        }
    }

    fn access(granted: &[Grant]) -> IamPolicies {
        let role = Role { granted: granted.iter().cloned().collect(), used: Mutex::default() };
        let roles = Arc::new(HashMap::from([("api-x".to_owned(), role)]));
        IamPolicies { roles, denied: Arc::default() }
    }

    #[test]
    fn what_is_not_granted_is_denied_by_name_and_what_is_not_used_can_be_told() {
        let (put, get, send) = (grant("db:Put", "table"), grant("db:Get", "table"), grant("sqs:Send", "a"));
        let access = access(&[put.clone(), get.clone(), send.clone()]);
        assert_eq!(access.check("api-x", &[need("db:Put", &["table"])]), Ok(()));
        let denied = access.check("api-x", &[need("db:Get", &["table"]), need("db:Get", &["table/index"])]);
        let denied = denied.unwrap_err();
        assert_eq!(access.denied(), BTreeSet::from([denied.clone()]));
        assert_eq!(denied.to_string(), "api-x is not authorized to perform: db:Get on resource: table/index");
        assert_eq!(access.unused("api-x"), BTreeSet::from([send]));
        assert_eq!(access.check("api-x", &[need("sqs:Send", &["b", "a"])]), Ok(()), "one of them is enough");
        assert!(access.unused("api-x").is_empty());
    }
}
