//! Reads all resources, and implements tables, queues and the HTTP API.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::{
    Cors, Deployment, Place, Queue, Redrive, Table, TemplateError, Throttle, function, intrinsic::Resolver,
    parameter::scalar, props::Props,
};
use crate::system::arn;

/// Supported properties of a table. Protection, encryption and backups are ignored.
const TABLE_PROPERTIES: [&str; 12] = [
    "AttributeDefinitions",
    "BillingMode",
    "DeletionProtectionEnabled",
    "GlobalSecondaryIndexes",
    "KeySchema",
    "LocalSecondaryIndexes",
    "PointInTimeRecoverySpecification",
    "SSESpecification",
    "StreamSpecification",
    "TableName",
    "Tags",
    "TimeToLiveSpecification",
];

/// Supported properties of a queue. Encryption is ignored.
const QUEUE_PROPERTIES: [&str; 10] = [
    "DelaySeconds",
    "FifoQueue",
    "MessageRetentionPeriod",
    "QueueName",
    "ReceiveMessageWaitTimeSeconds",
    "RedriveAllowPolicy",
    "RedrivePolicy",
    "SqsManagedSseEnabled",
    "Tags",
    "VisibilityTimeout",
];

/// Supported properties of the HTTP API. Access logs are ignored.
const HTTP_API_PROPERTIES: [&str; 6] = [
    "AccessLogSettings",
    "CorsConfiguration",
    "DefaultRouteSettings",
    "DefinitionBody",
    "DefinitionUri",
    "StageName",
];

/// Reads every resource. Types that the local stack does not emulate (alarms, roles, …) are resolved, too, so
/// that invalid references are reported here instead of during the deployment.
pub(super) fn read_all(resolver: &Resolver<'_>, globals: &Value) -> Result<Deployment, TemplateError> {
    let (functions, tables, queues) = (Vec::new(), Vec::new(), Vec::new());
    let mut deployment = Deployment { functions, tables, queues, cors: None, throttle: None };
    for (id, resource) in resolver.resources {
        if let Some(condition) = resource.get("Condition").and_then(Value::as_str)
            && !resolver.condition(condition, &mut Place::resource(id))?
        {
            continue;
        }
        let Some(kind) = resolver.kind(id) else {
            return Err(TemplateError::Missing { place: Place::resource(id).child("Type") });
        };
        let properties = resolver.properties(id)?;
        let props = Props::of(&properties, Place::resource(id))?;
        match kind {
            "AWS::Serverless::Function" => {
                deployment.functions.push(function::read(resolver, id, &properties, globals)?);
            }
            "AWS::DynamoDB::Table" => deployment.tables.push(table(id, resolver.physical_name(id)?, &props)?),
            "AWS::SQS::Queue" => deployment.queues.push(queue(id, resolver.physical_name(id)?, &props)?),
            "AWS::Serverless::HttpApi" => {
                deployment.cors = cors(&props)?;
                deployment.throttle = throttle(&props)?;
            }
            _ => {}
        }
    }
    check_references(&deployment)?;
    check_redrives(&deployment)?;
    Ok(deployment)
}

/// Checks that every event source is a resource of this template.
fn check_references(deployment: &Deployment) -> Result<(), TemplateError> {
    for function in &deployment.functions {
        let place = Place::resource(&function.logical_id).child("Events");
        let queue = function.queues.iter().map(|mapping| &mapping.queue);
        if let Some(name) =
            queue.clone().find(|name| deployment.queues.iter().all(|queue| queue.name != **name))
        {
            return Err(TemplateError::Unresolved { place, name: name.clone() });
        }
        let with_stream =
            |name: &String| deployment.tables.iter().any(|table| table.stream && table.name == *name);
        if let Some(mapping) = function.streams.iter().find(|mapping| !with_stream(&mapping.table)) {
            return Err(TemplateError::Unresolved { place, name: format!("{} (stream)", mapping.table) });
        }
    }
    Ok(())
}

/// Checks that every redrive policy is allowed by the redrive allow policy of its dead-letter queue.
fn check_redrives(deployment: &Deployment) -> Result<(), TemplateError> {
    for queue in &deployment.queues {
        let Some(redrive) = &queue.redrive else { continue };
        let own = arn::queue_arn(&queue.name);
        let target = deployment.queues.iter().find(|other| arn::queue_arn(&other.name) == redrive.target_arn);
        let allowed = target.and_then(|target| target.redrive_sources.as_ref());
        if allowed.is_some_and(|sources| !sources.contains(&own)) {
            let place = Place::resource(&queue.logical_id).child("RedrivePolicy");
            return Err(TemplateError::Unresolved {
                place,
                name: format!("{} (source)", redrive.target_arn),
            });
        }
    }
    Ok(())
}

fn table(id: &str, name: String, props: &Props<'_>) -> Result<Table, TemplateError> {
    props.reject_unknown(&TABLE_PROPERTIES)?;
    let mut create = Map::new();
    create.insert("TableName".to_owned(), json!(name));
    for key in ["AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes", "LocalSecondaryIndexes"] {
        if let Some(value) = props.get(key) {
            create.insert(key.to_owned(), value.clone());
        }
    }
    create.insert("BillingMode".to_owned(), json!("PAY_PER_REQUEST"));
    let stream = props.map("StreamSpecification")?;
    if let Some(stream) = &stream {
        let view = stream.required_text("StreamViewType")?;
        let specification = json!({ "StreamEnabled": true, "StreamViewType": view });
        create.insert("StreamSpecification".to_owned(), specification);
    }
    let time_to_live = match props.map("TimeToLiveSpecification")? {
        Some(ttl) if ttl.flag("Enabled")?.unwrap_or(false) => Some(ttl.required_text("AttributeName")?),
        _ => None,
    };
    Ok(Table {
        logical_id: id.to_owned(),
        name,
        create: Value::Object(create),
        time_to_live,
        stream: stream.is_some(),
    })
}

fn queue(id: &str, name: String, props: &Props<'_>) -> Result<Queue, TemplateError> {
    props.reject_unknown(&QUEUE_PROPERTIES)?;
    if props.flag("FifoQueue")?.unwrap_or(false) {
        let place = props.place("FifoQueue");
        return Err(TemplateError::Unsupported { place, what: "FIFO queues".to_owned() });
    }
    let mut attributes = BTreeMap::new();
    for key in
        ["DelaySeconds", "MessageRetentionPeriod", "ReceiveMessageWaitTimeSeconds", "VisibilityTimeout"]
    {
        if let Some(value) = props.number::<u32>(key)? {
            attributes.insert(key.to_owned(), value.to_string());
        }
    }
    let redrive = match props.map("RedrivePolicy")? {
        None => None,
        Some(policy) => Some(Redrive {
            target_arn: policy.required_text("deadLetterTargetArn")?,
            max_receive_count: policy
                .number("maxReceiveCount")?
                .ok_or_else(|| policy.missing("maxReceiveCount"))?,
        }),
    };
    let redrive_sources = match props.map("RedriveAllowPolicy")? {
        None => None,
        Some(policy) if policy.required_text("redrivePermission")? == "allowAll" => None,
        Some(policy) => Some(policy.texts("sourceQueueArns")?),
    };
    Ok(Queue { logical_id: id.to_owned(), name, attributes, redrive, redrive_sources })
}

/// Reads the throttling limits. `None` unless both are set: API Gateway would use the account's limit for the
/// other one.
fn throttle(props: &Props<'_>) -> Result<Option<Throttle>, TemplateError> {
    let Some(settings) = props.get("DefaultRouteSettings") else { return Ok(None) };
    let settings = Props::of(settings, props.place("DefaultRouteSettings"))?;
    let (rate, burst) = (settings.number("ThrottlingRateLimit")?, settings.number("ThrottlingBurstLimit")?);
    Ok(rate.zip(burst).map(|(rate, burst)| Throttle { rate, burst }))
}

fn cors(props: &Props<'_>) -> Result<Option<Cors>, TemplateError> {
    props.reject_unknown(&HTTP_API_PROPERTIES)?;
    if props.get("DefinitionBody").is_some() || props.get("DefinitionUri").is_some() {
        let place = props.place("DefinitionBody");
        return Err(TemplateError::Unsupported { place, what: "routes from an OpenAPI document".to_owned() });
    }
    match props.get("CorsConfiguration") {
        None => Ok(None),
        // `CorsConfiguration: true` allows every origin (AWS SAM reference of `HttpApi`).
        Some(value) if scalar(value).as_deref() == Some("true") => {
            Ok(Some(Cors { allow_origins: vec!["*".to_owned()], ..Cors::default() }))
        }
        Some(value) => {
            let cors = Props::of(value, props.place("CorsConfiguration"))?;
            Ok(Some(Cors {
                allow_origins: cors.texts("AllowOrigins")?,
                allow_methods: cors.texts("AllowMethods")?,
                allow_headers: cors.texts("AllowHeaders")?,
                expose_headers: cors.texts("ExposeHeaders")?,
                max_age: cors.number("MaxAge")?,
                allow_credentials: cors.flag("AllowCredentials")?.unwrap_or(false),
            }))
        }
    }
}
