//! Text forms of enums.

use std::fmt::{Debug, Display};
use std::str::FromStr;

use serde::Serialize;
use shared::domain::job::job_type::JobType;
use shared::domain::job::{JobStatus, Priority};
use shared::domain::ledger::reconciliation::discrepancy::DiscrepancyStatus;
use shared::domain::order::OrderStatus;
use shared::messaging::dead_letter::DeadLetterStatus;
use shared::messaging::event_routing::Subscriber;
use strum::VariantArray;

fn assert_same_form<T>()
where
    T: VariantArray + Copy + Debug + Display + FromStr<Err: Debug> + PartialEq + Serialize,
{
    for value in T::VARIANTS {
        let text = value.to_string();
        assert_eq!(text.parse::<T>().unwrap(), *value);
        assert_eq!(serde_json::to_value(value).unwrap(), text);
    }
}

#[test]
fn parsed_displayed_and_serialised_forms_are_equal() {
    assert_same_form::<DeadLetterStatus>();
    assert_same_form::<DiscrepancyStatus>();
    assert_same_form::<JobStatus>();
    assert_same_form::<JobType>();
    assert_same_form::<OrderStatus>();
    assert_same_form::<Priority>();
    assert_same_form::<Subscriber>();
}

#[test]
fn error_lists_the_values() {
    let error = "urgent".parse::<Priority>().unwrap_err();
    assert_eq!(error.to_string(), "must be one of high, normal");
}
