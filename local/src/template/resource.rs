//! Tables, queues and the HTTP API; and the walk over all resources.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::{
    Cors, Deployment, Place, Queue, Redrive, Table, TemplateError, Throttle, function, intrinsic::Resolver,
    parameter::scalar, props::Props,
};
use crate::system::arn;

/// What a table can be given. Its protection, encryption and backups have no meaning here: the state folder is its owner's.
const TABLE: [&str; 12] = [
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

/// What a queue can be given; its encryption has no meaning here.
const QUEUE: [&str; 10] = [
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

/// What the HTTP API can be given. Access logs are not kept here, and nobody throttles but the functions.
const HTTP_API: [&str; 6] = [
    "AccessLogSettings",
    "CorsConfiguration",
    "DefaultRouteSettings",
    "DefinitionBody",
    "DefinitionUri",
    "StageName",
];

/// Reads every resource. Types that the local stack has no part for (alarms, roles, …) are resolved all the same, so
/// that a wrong reference in them is found here and not at the deployment.
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

/// Every event source must be one that this template creates.
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

/// Messages are moved only to where they may be moved to, as SQS has it.
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
    props.only(&TABLE)?;
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
        let view = stream.need_text("StreamViewType")?;
        let specification = json!({ "StreamEnabled": true, "StreamViewType": view });
        create.insert("StreamSpecification".to_owned(), specification);
    }
    let time_to_live = match props.map("TimeToLiveSpecification")? {
        Some(ttl) if ttl.flag("Enabled")?.unwrap_or(false) => Some(ttl.need_text("AttributeName")?),
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
    props.only(&QUEUE)?;
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
            target_arn: policy.need_text("deadLetterTargetArn")?,
            max_receive_count: policy
                .number("maxReceiveCount")?
                .ok_or_else(|| policy.missing("maxReceiveCount"))?,
        }),
    };
    let redrive_sources = match props.map("RedriveAllowPolicy")? {
        None => None,
        Some(policy) if policy.need_text("redrivePermission")? == "allowAll" => None,
        Some(policy) => Some(policy.texts("sourceQueueArns")?),
    };
    Ok(Queue { logical_id: id.to_owned(), name, attributes, redrive, redrive_sources })
}

/// Both numbers or none: with one alone, API Gateway takes the account's for the other.
fn throttle(props: &Props<'_>) -> Result<Option<Throttle>, TemplateError> {
    let Some(settings) = props.get("DefaultRouteSettings") else { return Ok(None) };
    let settings = Props::of(settings, props.place("DefaultRouteSettings"))?;
    let (rate, burst) = (settings.number("ThrottlingRateLimit")?, settings.number("ThrottlingBurstLimit")?);
    Ok(rate.zip(burst).map(|(rate, burst)| Throttle { rate, burst }))
}

fn cors(props: &Props<'_>) -> Result<Option<Cors>, TemplateError> {
    props.only(&HTTP_API)?;
    if props.get("DefinitionBody").is_some() || props.get("DefinitionUri").is_some() {
        let place = props.place("DefinitionBody");
        return Err(TemplateError::Unsupported { place, what: "routes from an OpenAPI document".to_owned() });
    }
    match props.get("CorsConfiguration") {
        None => Ok(None),
        // `CorsConfiguration: true` allows every origin, says the AWS SAM reference of HttpApi.
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
