//! What a function is granted: by the policies of its role, or by its own if it has none.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{Grant, Place, TemplateError, intrinsic::Resolver, parameter::scalar, props::Props};

/// Actions that are granted for no resource in particular, because they know none: what X-Ray takes. Source: "Actions,
/// resources, and condition keys for AWS X-Ray", Service Authorization Reference.
const WITHOUT_RESOURCE: [&str; 2] = ["xray:PutTelemetryRecords", "xray:PutTraceSegments"];

/// Every action on every resource that a function is granted.
///
/// Only what is exact can be held against calls: statements that allow, without wildcards and conditions. Managed
/// policies are those of this template.
pub(super) fn read(resolver: &Resolver<'_>, props: &Props<'_>) -> Result<BTreeSet<Grant>, TemplateError> {
    let mut grants = BTreeSet::new();
    let Some(arn) = props.text("Role")? else {
        for policy in props.list("Policies")? {
            document(&Props::of(policy, props.place("Policies"))?, &mut grants)?;
        }
        return Ok(grants);
    };
    let unresolved = || TemplateError::Unresolved { place: props.place("Role"), name: arn.clone() };
    let of_arn = |id: &&str| resolver.attribute(id, "Arn", &props.place("Role")).is_ok_and(|own| own == *arn);
    let role = resolver.of_kind("AWS::IAM::Role").find(of_arn).ok_or_else(unresolved)?;
    let properties = resolver.properties(role)?;
    let role = Props::of(&properties, Place::resource(role))?;
    role.only(&["AssumeRolePolicyDocument", "ManagedPolicyArns", "Policies"])?;
    for policy in role.list("Policies")? {
        document_of(&Props::of(policy, role.place("Policies"))?, &mut grants)?;
    }
    for name in role.texts("ManagedPolicyArns")? {
        let place = role.place("ManagedPolicyArns");
        let named = |id: &&str| resolver.physical_name(id).is_ok_and(|own| own == name);
        let Some(policy) = resolver.of_kind("AWS::IAM::ManagedPolicy").find(named) else {
            return Err(TemplateError::Unresolved { place, name });
        };
        document_of(&Props::of(&resolver.properties(policy)?, Place::resource(policy))?, &mut grants)?;
    }
    Ok(grants)
}

fn document_of(policy: &Props<'_>, grants: &mut BTreeSet<Grant>) -> Result<(), TemplateError> {
    let text = policy.map("PolicyDocument")?.ok_or_else(|| policy.missing("PolicyDocument"))?;
    document(&text, grants)
}

fn document(policy: &Props<'_>, grants: &mut BTreeSet<Grant>) -> Result<(), TemplateError> {
    policy.only(&["Version", "Statement"])?;
    for statement in policy.list("Statement")? {
        let statement = Props::of(statement, policy.place("Statement"))?;
        statement.only(&["Effect", "Action", "Resource"])?;
        let actions = exact(&statement, "Action")?;
        let resources = if actions.iter().all(|action| WITHOUT_RESOURCE.contains(&action.as_str())) {
            texts(&statement, "Resource")?
        } else {
            exact(&statement, "Resource")?
        };
        for action in &actions {
            let grant = |resource: &String| Grant { action: action.clone(), resource: resource.clone() };
            grants.extend(resources.iter().map(grant));
        }
    }
    Ok(())
}

/// One text or several, none of which is a pattern.
fn exact(statement: &Props<'_>, key: &str) -> Result<Vec<String>, TemplateError> {
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
