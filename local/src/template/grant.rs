//! IAM grants of a function, from the policies of its role or, without a role, from its own policies.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{IamGrant, Place, TemplateError, intrinsic::Resolver, parameter::scalar, props::Props};

/// Actions that do not support resource-level permissions. Source: "Actions, resources, and condition keys
/// for AWS X-Ray", Service Authorization Reference.
const WITHOUT_RESOURCE_LEVEL: [&str; 2] = ["xray:PutTelemetryRecords", "xray:PutTraceSegments"];

/// Reads every action on every resource that the policies of a function allow.
///
/// Only exact statements can be compared with calls: `Allow` without wildcards and conditions. Managed
/// policies must be defined in this template.
pub(super) fn read(resolver: &Resolver<'_>, props: &Props<'_>) -> Result<BTreeSet<IamGrant>, TemplateError> {
    let mut grants = BTreeSet::new();
    let Some(arn) = props.text("Role")? else {
        for policy in props.list("Policies")? {
            read_policy(&Props::of(policy, props.place("Policies"))?, &mut grants)?;
        }
        return Ok(grants);
    };
    let unresolved = || TemplateError::Unresolved { place: props.place("Role"), name: arn.clone() };
    let of_arn = |id: &&str| resolver.attribute(id, "Arn", &props.place("Role")).is_ok_and(|own| own == *arn);
    let role = resolver.of_kind("AWS::IAM::Role").find(of_arn).ok_or_else(unresolved)?;
    let properties = resolver.properties(role)?;
    let role = Props::of(&properties, Place::resource(role))?;
    role.reject_unknown(&["AssumeRolePolicyDocument", "ManagedPolicyArns", "Policies"])?;
    for policy in role.list("Policies")? {
        read_policy_document(&Props::of(policy, role.place("Policies"))?, &mut grants)?;
    }
    for name in role.texts("ManagedPolicyArns")? {
        let place = role.place("ManagedPolicyArns");
        let named = |id: &&str| resolver.physical_name(id).is_ok_and(|own| own == name);
        let Some(policy) = resolver.of_kind("AWS::IAM::ManagedPolicy").find(named) else {
            return Err(TemplateError::Unresolved { place, name });
        };
        read_policy_document(
            &Props::of(&resolver.properties(policy)?, Place::resource(policy))?,
            &mut grants,
        )?;
    }
    Ok(grants)
}

fn read_policy_document(policy: &Props<'_>, grants: &mut BTreeSet<IamGrant>) -> Result<(), TemplateError> {
    let text = policy.map("PolicyDocument")?.ok_or_else(|| policy.missing("PolicyDocument"))?;
    read_policy(&text, grants)
}

fn read_policy(policy: &Props<'_>, grants: &mut BTreeSet<IamGrant>) -> Result<(), TemplateError> {
    policy.reject_unknown(&["Version", "Statement"])?;
    for statement in policy.list("Statement")? {
        let statement = Props::of(statement, policy.place("Statement"))?;
        statement.reject_unknown(&["Effect", "Action", "Resource"])?;
        let actions = exact_values(&statement, "Action")?;
        let resources = if actions.iter().all(|action| WITHOUT_RESOURCE_LEVEL.contains(&action.as_str())) {
            texts(&statement, "Resource")?
        } else {
            exact_values(&statement, "Resource")?
        };
        for action in &actions {
            let grant = |resource: &String| IamGrant { action: action.clone(), resource: resource.clone() };
            grants.extend(resources.iter().map(grant));
        }
    }
    Ok(())
}

/// Reads one string or a list of strings, none of which may be a pattern.
fn exact_values(statement: &Props<'_>, key: &str) -> Result<Vec<String>, TemplateError> {
    let texts = texts(statement, key)?;
    match texts.iter().find(|text| text.contains(['*', '?'])) {
        None => Ok(texts),
        Some(pattern) => Err(TemplateError::Unsupported {
            place: statement.place(key),
            what: format!("the pattern {pattern}"),
        }),
    }
}

fn texts(statement: &Props<'_>, key: &str) -> Result<Vec<String>, TemplateError> {
    match statement.get(key) {
        None => Err(statement.missing(key)),
        Some(Value::Array(_)) => statement.texts(key),
        Some(one) => Ok(scalar(one).into_iter().collect()),
    }
}
