//! E-mails about background jobs that have ended.

use shared::domain::job::JobEnd;
use shared::domain::job::job_type::JobType;
use shared::domain::user::User;

use crate::EmailEvent;
use crate::email::{Button, EmailContent, Fact};
use crate::skip_reason::SkipReason;

/// Composes the e-mail to the owner of the job.
pub(crate) fn content(
    event: &EmailEvent,
    end: &JobEnd,
    owner: &User,
    app_url: &str,
) -> Result<EmailContent, SkipReason> {
    let work = title(end.job_type);
    let (kind, subject, paragraph) = match event {
        EmailEvent::JobSucceeded(_) => (
            "job-succeeded",
            format!("Your {work} is complete"),
            "The job that you requested has succeeded. If it has a result, you can download it until the job \
             is deleted.",
        ),
        EmailEvent::JobFailed(_) => (
            "job-failed",
            format!("Your {work} has failed"),
            "The job that you requested cannot be completed. Open the job to see the reason.",
        ),
        EmailEvent::JobDied(_) => (
            "job-dead",
            format!("Your {work} has failed"),
            "All attempts at the job that you requested have failed. You can retry it.",
        ),
        _ => return Err(SkipReason::NotEmailed),
    };
    let content = EmailContent {
        kind,
        heading: subject.clone(),
        subject,
        name: Some(owner.name.as_str().to_owned()),
        paragraphs: vec![paragraph.to_owned()],
        facts: vec![Fact::new("Job", end.job_id.to_string())],
        button: Some(Button { label: "View the job", url: format!("{app_url}/jobs/{}", end.job_id) }),
        footnote: "You received this e-mail because you requested it when you created the job.",
        ..EmailContent::default()
    };
    Ok(if owner.email_verified { content } else { content.without_user_input() })
}

const fn title(job_type: JobType) -> &'static str {
    match job_type {
        JobType::SalesReport => "sales report",
        JobType::Reindex => "reindex",
        JobType::DataExport => "data export",
    }
}
