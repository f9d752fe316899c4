//! Functions, including the properties from `Globals.Function`.

use std::{collections::BTreeMap, time::Duration};

use serde_json::{Map, Value};

use super::{
    Function, Place, TemplateError, event, grant, intrinsic::Resolver, parameter::scalar, props::Props,
};
use crate::system::arn;

/// Reads a function whose properties are resolved. `globals` is the resolved `Globals` section.
pub(super) fn read(
    resolver: &Resolver<'_>,
    logical_id: &str,
    own: &Value,
    globals: &Value,
) -> Result<Function, TemplateError> {
    let properties = merge(globals.get("Function").unwrap_or(&Value::Null), own);
    let props = Props::of(&properties, Place::resource(logical_id))?;
    let mut function = Function {
        logical_id: logical_id.to_owned(),
        stem: arn::kebab(logical_id),
        // Defaults of `AWS::Serverless::Function`: 3 seconds and 128 MB.
        timeout: Duration::from_secs(props.number::<u64>("Timeout")?.unwrap_or(3)),
        memory: props.number("MemorySize")?.unwrap_or(128),
        environment: environment(&props)?,
        grants: grant::read(resolver, &props)?,
        log_group: log_group(resolver, &props)?,
        traced: props.text("Tracing")?.as_deref() == Some("Active"),
        routes: Vec::new(),
        queues: Vec::new(),
        streams: Vec::new(),
        schedules: Vec::new(),
    };
    if let Some(events) = props.map("Events")? {
        for (name, event) in events.entries() {
            event::read(name, &Props::of(event, events.place(name))?, &mut function)?;
        }
    }
    Ok(function)
}

/// ARN of the function's log group.
fn log_group(resolver: &Resolver<'_>, props: &Props<'_>) -> Result<Option<String>, TemplateError> {
    let Some(logging) = props.map("LoggingConfig")? else { return Ok(None) };
    let name = logging.required_text("LogGroup")?;
    let place = logging.place("LogGroup");
    let named = |id: &&str| resolver.physical_name(id).is_ok_and(|own| own == name);
    let Some(group) = resolver.of_kind("AWS::Logs::LogGroup").find(named) else {
        return Err(TemplateError::Unresolved { place, name });
    };
    Ok(scalar(&resolver.attribute(group, "Arn", &place)?))
}

fn environment(props: &Props<'_>) -> Result<BTreeMap<String, String>, TemplateError> {
    let Some(variables) = props.map("Environment")?.map(|env| env.map("Variables")).transpose()?.flatten()
    else {
        return Ok(BTreeMap::new());
    };
    let read = |(name, value): (&String, &Value)| match scalar(value) {
        Some(text) => Ok((name.clone(), text)),
        None => Err(TemplateError::Type { place: variables.place(name), expected: "a string or a number" }),
    };
    variables.entries().map(read).collect()
}

/// Merges global and own properties as the `Globals` section of AWS SAM specifies: maps are merged, lists are
/// concatenated with the global entries first, and own scalars override global ones.
fn merge(global: &Value, own: &Value) -> Value {
    match (global, own) {
        (Value::Null, own) => own.clone(),
        (global, Value::Null) => global.clone(),
        (Value::Object(global), Value::Object(own)) => Value::Object(merge_maps(global, own)),
        (Value::Array(global), Value::Array(own)) => global.iter().chain(own).cloned().collect(),
        (_, own) => own.clone(),
    }
}

fn merge_maps(global: &Map<String, Value>, own: &Map<String, Value>) -> Map<String, Value> {
    let mut merged = global.clone();
    for (key, value) in own {
        let value = merge(global.get(key).unwrap_or(&Value::Null), value);
        merged.insert(key.clone(), value);
    }
    merged
}
