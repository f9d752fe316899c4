//! Requests about jobs, dead letters, events and health.

use serde_json::json;

use super::{Draft, Entry, with_body, with_query};
use crate::model::{Kind, Resource};
use crate::step::{Call, Caller, Target};

pub(super) const ENTRIES: &[Entry] = &[
    ("createJob", 18, create_job),
    ("listJobs", 3, list_jobs),
    ("getJob", 5, get_job),
    ("getJobResult", 12, job_result),
    ("cancelJob", 12, cancel_job),
    ("retryJob", 24, retry_job),
    ("deleteJob", 5, delete_job),
    ("listDeadLetters", 4, list_dead_letters),
    ("getDeadLetter", 8, get_dead_letter),
    ("redriveDeadLetter", 8, redrive),
    ("redriveQueue", 3, redrive_queue),
    ("deleteDeadLetter", 6, delete_dead_letter),
    ("listEvents", 4, list_events),
    ("getHealth", 1, without_caller),
    ("getReadiness", 1, without_caller),
    ("getOpenapi", 1, without_caller),
];

fn create_job(draft: &mut Draft<'_>) -> Option<Call> {
    let notify = draft.percent(50);
    match draft.rng.u8(..10) {
        0..4 => {
            let market = draft.any(Kind::Market)?;
            let caller = draft.mostly(market.owner);
            let params = json!({ "marketId": format!("$id:{}", market.step) });
            let body = json!({ "type": "sales_report", "params": params, "notify": notify });
            with_body(draft.request(caller), body)
        }
        4..6 => {
            let caller = draft.account()?;
            let body = json!({ "type": "data_export", "params": {}, "notify": notify });
            with_body(draft.request(caller), body)
        }
        _ => {
            let caller = draft.mostly(Caller::Admin);
            with_body(draft.request(caller), json!({ "type": "reindex", "params": {} }))
        }
    }
}

fn list_jobs(draft: &mut Draft<'_>) -> Option<Call> {
    let caller = draft.account()?;
    let page = draft.page();
    with_query(draft.request(caller), page)
}

/// Job with its owner, or another caller.
fn job(draft: &mut Draft<'_>) -> Option<(Resource, Caller)> {
    let job = if draft.percent(50) { draft.in_any_state(Kind::Job) } else { draft.any(Kind::Job) }?;
    let caller = draft.mostly(job.owner);
    Some((job, caller))
}

fn get_job(draft: &mut Draft<'_>) -> Option<Call> {
    let (job, caller) = job(draft)?;
    Some(draft.about(caller, &job))
}

fn job_result(draft: &mut Draft<'_>) -> Option<Call> {
    let (job, caller) = job(draft)?;
    let query = draft.one_of(&["", "", "part=1", "part=9"]);
    with_query(draft.about(caller, &job), query)
}

fn cancel_job(draft: &mut Draft<'_>) -> Option<Call> {
    let (job, caller) = job(draft)?;
    with_body(draft.about(caller, &job), json!({}))
}

fn retry_job(draft: &mut Draft<'_>) -> Option<Call> {
    cancel_job(draft)
}

fn delete_job(draft: &mut Draft<'_>) -> Option<Call> {
    get_job(draft)
}

fn list_dead_letters(draft: &mut Draft<'_>) -> Option<Call> {
    let caller = draft.mostly(Caller::Admin);
    let filter = draft.one_of(&["", "status=dead", "queue=emails"]);
    let page = draft.page();
    with_query(draft.request(caller), format!("{filter}&{page}").trim_matches('&'))
}

fn dead_letter(draft: &mut Draft<'_>) -> Call {
    let caller = draft.mostly(Caller::Admin);
    let target = Target::DeadLetter(draft.rng.usize(..2));
    Call { target, ..draft.request(caller) }
}

fn get_dead_letter(draft: &mut Draft<'_>) -> Option<Call> {
    Some(dead_letter(draft))
}

fn redrive(draft: &mut Draft<'_>) -> Option<Call> {
    with_body(dead_letter(draft), json!({}))
}

fn redrive_queue(draft: &mut Draft<'_>) -> Option<Call> {
    let caller = draft.mostly(Caller::Admin);
    let queue = draft.one_of(&["fulfilment", "emails", "search_index", "analytics"]);
    with_body(draft.request(caller), json!({ "queue": queue }))
}

fn delete_dead_letter(draft: &mut Draft<'_>) -> Option<Call> {
    Some(dead_letter(draft))
}

fn list_events(draft: &mut Draft<'_>) -> Option<Call> {
    if draft.percent(50) {
        let market = draft.any(Kind::Market)?;
        let caller = draft.mostly(market.owner);
        return with_query(draft.request(caller), format!("marketId=$id:{}", market.step));
    }
    let caller = draft.mostly(Caller::Admin);
    let query = draft.one_of(&["", "limit=5", "type=order.confirmed"]);
    with_query(draft.request(caller), query)
}

fn without_caller(draft: &mut Draft<'_>) -> Option<Call> {
    Some(draft.request(Caller::Anonymous))
}
