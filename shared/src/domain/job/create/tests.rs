//! Tests of creating jobs.

use super::*;
use crate::domain::job::JobEventData;
use crate::domain::job::job_type::JobType;
use crate::domain::job::tests::WEEK;
use crate::domain::market::MarketStatus;
use crate::domain::tests::{SELLER, STRANGER, actor, at, decide, market, moderator, refusal};

const MONTH: i64 = 30 * 24 * 60 * 60 * 1_000;

fn create(by: &str) -> CreateJob {
    CreateJob {
        id: "job_01J8Z3K5V0ABCDEFGHJKMNPQRS".parse().unwrap(),
        by: actor(by),
        reads_any: false,
        reindexes: false,
        prioritizes: true,
        open_jobs: 0,
        work: report(-5, None),
        priority: Some(Priority::High),
        run_at: None,
        notify: false,
    }
}

fn report(from: i64, to: Option<Timestamp>) -> RequestedWork {
    RequestedWork::SalesReport { market_id: market().id, from: Some(at(from)), to }
}

/// State of a command that refers to the market.
fn a_market() -> Vec<Option<Market>> {
    vec![Some(market())]
}

fn created(to: Timestamp) -> Job {
    Job {
        id: create(SELLER).id,
        version: Version::FIRST,
        owner_id: SELLER.parse().unwrap(),
        work: JobParams::SalesReport(SalesReport { market_id: market().id, from: Some(at(-5)), to }),
        priority: Priority::High,
        status: JobStatus::Queued,
        attempts: 0,
        output: JobOutput::default(),
        total: None,
        last_error: None,
        request: Some(Version::FIRST),
        first_request: None,
        requested_at: Some(at(0)),
        resumed_at: None,
        resumed_by: None,
        run_at: None,
        notify: false,
        stored_chunks: 0,
        created_at: at(0),
        updated_at: at(0),
        started_at: None,
        finished_at: None,
        expires_at: at(WEEK),
    }
}

#[test]
fn job_is_requested_at_once_or_scheduled() {
    let requested = decide(&create(SELLER), a_market(), at(0));
    assert_eq!((requested.stored(), &requested.output), (created(at(0)), &created(at(0))));
    assert_eq!(requested.events(), [("job.requested.high", Version::FIRST)]);
    let data = &requested.events[0].event["data"];
    assert_eq!(data, &serde_json::to_value(JobEventData::from(&created(at(0)))).unwrap());

    for millis in [1, MONTH] {
        let command = CreateJob { run_at: Some(at(millis)), ..create(SELLER) };
        let scheduled = decide(&command, a_market(), at(0));
        let expected = Job {
            request: None,
            requested_at: None,
            run_at: Some(at(millis)),
            expires_at: at(millis + WEEK),
            ..created(at(millis))
        };
        assert_eq!(scheduled.stored::<Job>(), expected);
        assert!(expected.is_waiting());
        assert!(scheduled.events().is_empty(), "no queue subscribes to the event of a scheduled job");
    }
}

#[test]
fn scheduled_time_is_in_the_next_30_days() {
    for millis in [-1, 0, MONTH + 1] {
        let command = CreateJob { run_at: Some(at(millis)), ..create(SELLER) };
        assert_eq!(refusal(&command, a_market(), at(0)), CreateJobError::InvalidRunAt);
    }
}

#[test]
fn period_is_not_empty() {
    let with = |from, to| CreateJob { work: report(from, to), ..create(SELLER) };
    for command in [with(0, None), with(3, Some(at(3))), with(4, Some(at(3)))] {
        assert_eq!(refusal(&command, a_market(), at(0)), CreateJobError::InvalidPeriod);
    }
    let shortest = decide(&with(-5, Some(at(-4))), a_market(), at(0));
    assert_eq!(shortest.output, created(at(-4)));
}

#[test]
fn only_creator_and_moderators_report_on_a_market() {
    let by_moderator = CreateJob { by: moderator(), reads_any: true, ..create(STRANGER) };
    let draft = || vec![Some(Market { status: MarketStatus::Draft, ..market() })];
    assert_eq!(refusal(&create(SELLER), vec![None], at(0)), AccessError::not_found(market().id).into());
    assert_eq!(refusal(&create(STRANGER), draft(), at(0)), AccessError::not_found(market().id).into());
    let forbidden = AccessError::Forbidden("only the owner of the market can create a sales report");
    assert_eq!(refusal(&create(STRANGER), a_market(), at(0)), forbidden.into());
    for command in [create(SELLER), by_moderator] {
        assert_eq!(decide(&command, draft(), at(0)).output.owner_id, command.by.user);
    }
}

/// Job of the seller that the request creates.
fn of_type(work: RequestedWork, state: Vec<Option<Market>>) -> Job {
    let request = CreateJob { work, reindexes: true, priority: None, ..create(SELLER) };
    decide(&request, state, at(0)).output
}

#[test]
fn policy_of_the_type_sets_delay_priority_and_retention() {
    let (everything, export) = (Reindex { market_id: None }, DataExport {});
    for (job, job_type) in [
        (of_type(report(-5, None), a_market()), JobType::SalesReport),
        (of_type(RequestedWork::Reindex(everything), Vec::new()), JobType::Reindex),
        (of_type(RequestedWork::DataExport(export), Vec::new()), JobType::DataExport),
    ] {
        let policy = job_type.policy();
        assert_eq!((job.work.kind(), job.priority), (job_type, policy.priority));
        let start = at(0).saturating_add(policy.delay);
        assert_eq!(job.run_at, (start > at(0)).then_some(start), "{job_type}");
        assert_eq!(job.is_waiting(), job.run_at.is_some());
        assert_eq!(job.expires_at, policy.retention.expires_at(start), "{job_type}");
    }
    let scheduled = CreateJob { run_at: Some(at(1)), reindexes: true, ..create(SELLER) };
    let scheduled = CreateJob { work: RequestedWork::Reindex(everything), ..scheduled };
    assert_eq!(decide(&scheduled, Vec::new(), at(0)).output.run_at, Some(at(1)));
}

#[test]
fn reindex_requires_the_permission_and_an_existing_market() {
    let reindex = |market_id, reindexes| {
        let work = RequestedWork::Reindex(Reindex { market_id });
        CreateJob { reindexes, work, ..create(SELLER) }
    };
    let market_id = Some(market().id);
    let forbidden = AccessError::MissingPermission(Permission::JobsReindex);
    assert_eq!(refusal(&reindex(market_id, false), a_market(), at(0)), forbidden.into());
    assert_eq!(refusal(&reindex(None, false), Vec::new(), at(0)), forbidden.into());
    assert_eq!(
        refusal(&reindex(market_id, true), vec![None], at(0)),
        AccessError::not_found(market().id).into()
    );
    let created = decide(&reindex(market_id, true), a_market(), at(0)).output;
    assert_eq!(created.work, JobParams::Reindex(Reindex { market_id }));
}

#[test]
fn high_priority_requires_the_permission() {
    let without = CreateJob { prioritizes: false, ..create(SELLER) };
    let forbidden = AccessError::MissingPermission(Permission::JobsPrioritize);
    assert_eq!(refusal(&without, a_market(), at(0)), forbidden.into());
    for priority in [None, Some(Priority::Normal)] {
        let job = decide(&CreateJob { priority, ..without }, a_market(), at(0)).output;
        assert_eq!(job.priority, Priority::Normal);
    }
    // The type has the priority itself.
    let work = RequestedWork::Reindex(Reindex { market_id: None });
    let reindex = CreateJob { work, reindexes: true, ..without };
    assert_eq!(decide(&reindex, Vec::new(), at(0)).output.priority, Priority::High);
}

#[test]
fn owner_has_at_most_50_open_jobs() {
    let with = |open_jobs| CreateJob { open_jobs, ..create(SELLER) };
    assert_eq!(refusal(&with(50), a_market(), at(0)), CreateJobError::TooManyOpen);
    assert_eq!(decide(&with(49), a_market(), at(0)).output, created(at(0)));
}
