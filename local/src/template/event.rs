//! Events of a function: routes, queues, streams and schedules.

use std::time::Duration;

use serde_json::Value;

use super::{
    Function, Place, QueueMapping, Route, Schedule, ScheduleKind, StartingPosition, StreamMapping,
    TemplateError, props::Props,
};
use crate::services::event_sources::filter::Filters;
use crate::services::event_sources::schedule_expression::Expression;

/// Reads an event and adds it to its function.
pub(super) fn read(name: &str, event: &Props<'_>, function: &mut Function) -> Result<(), TemplateError> {
    let empty = Value::Object(serde_json::Map::new());
    let kind = event.required_text("Type")?;
    let properties = event.get("Properties").unwrap_or(&empty);
    let props = Props::of(properties, event.place("Properties"))?;
    // A disabled schedule can still be run by `Stack::run_schedule`. Other disabled sources are ignored.
    if matches!(kind.as_str(), "SQS" | "DynamoDB") && props.flag("Enabled")? == Some(false) {
        return Ok(());
    }
    match kind.as_str() {
        "HttpApi" => function.routes.push(route(&props)?),
        "SQS" => function.queues.push(queue(&props)?),
        "DynamoDB" => function.streams.push(stream(name, &props)?),
        "Schedule" => function.schedules.push(schedule(name, ScheduleKind::Rule, &props)?),
        "ScheduleV2" => function.schedules.push(schedule(name, ScheduleKind::Scheduler, &props)?),
        other => {
            let what = format!("events of type `{other}`");
            return Err(TemplateError::Unsupported { place: event.place("Type"), what });
        }
    }
    Ok(())
}

fn route(props: &Props<'_>) -> Result<Route, TemplateError> {
    props.reject_unknown(&[
        "ApiId",
        "Method",
        "Path",
        "PayloadFormatVersion",
        "RouteSettings",
        "TimeoutInMillis",
    ])?;
    if props.text("PayloadFormatVersion")?.is_some_and(|version| version != "2.0") {
        let place = props.place("PayloadFormatVersion");
        return Err(TemplateError::Unsupported { place, what: "payload format 1.0".to_owned() });
    }
    // Without a path and a method, the route is `$default` (AWS SAM reference of `HttpApi`).
    let path = props.text("Path")?.unwrap_or_else(|| "$default".to_owned());
    let method = props.text("Method")?.unwrap_or_else(|| "ANY".to_owned()).to_uppercase();
    let method = if method == "X-AMAZON-APIGATEWAY-ANY-METHOD" { "ANY".to_owned() } else { method };
    Ok(Route { method, path })
}

fn queue(props: &Props<'_>) -> Result<QueueMapping, TemplateError> {
    props.reject_unknown(&[
        "Queue",
        "BatchSize",
        "Enabled",
        "FilterCriteria",
        "FunctionResponseTypes",
        "MaximumBatchingWindowInSeconds",
        "ScalingConfig",
    ])?;
    let arn = props.required_text("Queue")?;
    let scaling = props.map("ScalingConfig")?;
    let concurrency = scaling.map(|scaling| scaling.number("MaximumConcurrency")).transpose()?.flatten();
    Ok(QueueMapping {
        queue: arn.rsplit(':').next().unwrap_or(&arn).to_owned(),
        batch_size: props.number("BatchSize")?.unwrap_or(10),
        window: window(props)?,
        maximum_concurrency: concurrency,
        report_failures: reports_failures(props)?,
        filters: filters(props)?,
    })
}

fn stream(name: &str, props: &Props<'_>) -> Result<StreamMapping, TemplateError> {
    props.reject_unknown(&[
        "Stream",
        "BatchSize",
        "BisectBatchOnFunctionError",
        "DestinationConfig",
        "Enabled",
        "FilterCriteria",
        "FunctionResponseTypes",
        "MaximumBatchingWindowInSeconds",
        "MaximumRecordAgeInSeconds",
        "MaximumRetryAttempts",
        "ParallelizationFactor",
        "StartingPosition",
    ])?;
    let arn = props.required_text("Stream")?;
    let table = arn.split('/').nth(1).ok_or_else(|| TemplateError::Type {
        place: props.place("Stream"),
        expected: "the ARN of a DynamoDB stream",
    })?;
    // -1 means "no limit" in both cases.
    let limit =
        |key| Ok::<_, TemplateError>(props.number::<i64>(key)?.and_then(|value| u32::try_from(value).ok()));
    Ok(StreamMapping {
        name: name.to_owned(),
        table: table.to_owned(),
        batch_size: props.number("BatchSize")?.unwrap_or(100),
        window: window(props)?,
        parallelization: props.number::<usize>("ParallelizationFactor")?.unwrap_or(1).max(1),
        filters: filters(props)?,
        bisect: props.flag("BisectBatchOnFunctionError")?.unwrap_or(false),
        max_retries: limit("MaximumRetryAttempts")?,
        max_age: limit("MaximumRecordAgeInSeconds")?.map(|seconds| Duration::from_secs(seconds.into())),
        start: start(props)?,
        on_failure: on_failure(props)?,
        report_failures: reports_failures(props)?,
    })
}

/// On-failure destination for discarded batches. AWS also supports topics and buckets; this crate supports
/// queues only.
fn on_failure(props: &Props<'_>) -> Result<Option<String>, TemplateError> {
    let Some(config) = props.map("DestinationConfig")? else { return Ok(None) };
    let destination = config.map("OnFailure")?.ok_or_else(|| config.missing("OnFailure"))?;
    match destination.required_text("Type")?.as_str() {
        "SQS" => destination.required_text("Destination").map(Some),
        other => {
            Err(TemplateError::Unsupported { place: destination.place("Type"), what: format!("`{other}`") })
        }
    }
}

fn start(props: &Props<'_>) -> Result<StartingPosition, TemplateError> {
    match props.required_text("StartingPosition")?.as_str() {
        "TRIM_HORIZON" => Ok(StartingPosition::TrimHorizon),
        "LATEST" => Ok(StartingPosition::Latest),
        other => Err(TemplateError::Unsupported {
            place: props.place("StartingPosition"),
            what: format!("`{other}`"),
        }),
    }
}

fn schedule(name: &str, kind: ScheduleKind, props: &Props<'_>) -> Result<Schedule, TemplateError> {
    let key = if kind == ScheduleKind::Rule { "Schedule" } else { "ScheduleExpression" };
    let text = props.required_text(key)?;
    let expression = Expression::parse(&text).ok_or_else(|| TemplateError::Unsupported {
        place: props.place(key),
        what: format!("the schedule `{text}`"),
    })?;
    let input = props.text("Input")?.map(|input| serde_json::from_str(&input)).transpose();
    let input = input.map_err(|_| TemplateError::Type { place: props.place("Input"), expected: "JSON" })?;
    let enabled =
        props.flag("Enabled")?.unwrap_or(true) && props.text("State")?.as_deref() != Some("DISABLED");
    Ok(Schedule { name: name.to_owned(), kind, expression, input, enabled })
}

fn window(props: &Props<'_>) -> Result<Duration, TemplateError> {
    Ok(Duration::from_secs(props.number("MaximumBatchingWindowInSeconds")?.unwrap_or(0)))
}

fn reports_failures(props: &Props<'_>) -> Result<bool, TemplateError> {
    Ok(props.texts("FunctionResponseTypes")?.iter().any(|kind| kind == "ReportBatchItemFailures"))
}

fn filters(props: &Props<'_>) -> Result<Filters, TemplateError> {
    let Some(criteria) = props.map("FilterCriteria")? else { return Ok(Filters::default()) };
    let mut patterns = Vec::new();
    for filter in criteria.list("Filters")? {
        let filter = Props::of(filter, criteria.place("Filters"))?;
        patterns.push((filter.required_text("Pattern")?, filter.place("Pattern")));
    }
    let parse = |(text, place): (String, Place)| {
        Filters::pattern(&text).map_err(|error| TemplateError::Unsupported { place, what: error.to_string() })
    };
    Ok(Filters::any(patterns.into_iter().map(parse).collect::<Result<_, _>>()?))
}
