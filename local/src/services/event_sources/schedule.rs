//! Schedules: `EventBridge` rules and the `EventBridge` Scheduler.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::Invoker;
use crate::system::{arn, aws_ids, clock};
use crate::template::{Schedule, ScheduleKind};

/// One schedule of one function.
pub(crate) struct ScheduleRunner {
    pub(crate) function: String,
    pub(crate) schedule: Schedule,
    pub(crate) invoker: Invoker,
    pub(crate) stop: CancellationToken,
}

impl ScheduleRunner {
    /// Invokes the function on schedule until the stack stops. The next time is computed after an invocation
    /// has ended, so that invocations of a slow function do not overlap.
    pub(crate) async fn run(self) {
        while let Some(due) = self.schedule.expression.next(clock::now()) {
            let wait = Duration::try_from(due - clock::now()).unwrap_or_default();
            tokio::select! {
                () = clock::sleep(wait) => {}
                () = self.stop.cancelled() => return,
            }
            let event = event(&self.schedule, &self.function, clock::now());
            // The invoker logs a failure. The next scheduled event is the retry.
            let _ = self.invoker.invoke(&self.function, &event).await;
        }
    }
}

/// Event of a schedule: its input, or the default event of its service.
pub(crate) fn event(schedule: &Schedule, function: &str, now: Timestamp) -> Value {
    if let Some(input) = &schedule.input {
        return input.clone();
    }
    let name = format!("{function}-{}", schedule.name);
    let (source, resource, detail) = match schedule.kind {
        ScheduleKind::Rule => {
            ("aws.events", format!("events:{}:{}:rule/{name}", arn::REGION, arn::ACCOUNT), json!({}))
        }
        ScheduleKind::Scheduler => (
            "aws.scheduler",
            format!("scheduler:{}:{}:schedule/default/{name}", arn::REGION, arn::ACCOUNT),
            json!("{}"),
        ),
    };
    json!({
        "version": "0",
        "id": aws_ids::uuid(),
        "detail-type": "Scheduled Event",
        "source": source,
        "account": arn::ACCOUNT,
        "time": now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        "region": arn::REGION,
        "resources": [format!("arn:aws:{resource}")],
        "detail": detail,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::services::event_sources::schedule_expression::Expression;

    #[test]
    fn rules_and_scheduler_send_different_default_events() {
        let mut schedule = Schedule {
            name: "EveryMinute".to_owned(),
            kind: ScheduleKind::Scheduler,
            expression: Expression::parse("rate(1 minute)").unwrap(),
            input: None,
            enabled: true,
        };
        let at = "2026-03-12T19:03:58.123Z".parse().unwrap();
        let sent = event(&schedule, "schedule-sweeper", at);
        assert_eq!((&sent["source"], &sent["detail"]), (&json!("aws.scheduler"), &json!("{}")));
        assert_eq!(sent["time"], "2026-03-12T19:03:58Z");
        schedule.kind = ScheduleKind::Rule;
        assert_eq!(event(&schedule, "schedule-sweeper", at)["detail"], json!({}));
        schedule.input = Some(json!({ "own": 1 }));
        assert_eq!(event(&schedule, "schedule-sweeper", at), json!({ "own": 1 }));
    }
}
