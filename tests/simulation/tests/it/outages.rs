//! Outages with few messages. `simulate --outages` runs those with many.

use std::time::Duration;

use simulation::outage::{Consumer, Failure, Outage, run};
use strum::VariantArray as _;

fn assert_success(outage: Outage) {
    let result = run(outage);
    assert!(result.is_success(), "{result}");
}

#[test]
fn single_message_is_processed_after_every_outage() {
    for failure in Failure::VARIANTS {
        for consumer in failure.consumers() {
            for seconds in [10, 90, 3_600] {
                let (start, duration) = (Duration::ZERO, Duration::from_secs(seconds));
                assert_success(Outage {
                    failure: *failure,
                    start,
                    duration,
                    consumer: *consumer,
                    messages: 1,
                });
            }
        }
    }
}

#[test]
fn backlog_is_processed_after_every_outage() {
    for failure in Failure::VARIANTS {
        for consumer in failure.consumers() {
            let (start, duration) = (Duration::from_millis(500), Duration::from_secs(90));
            assert_success(Outage { failure: *failure, start, duration, consumer: *consumer, messages: 60 });
        }
    }
}

#[test]
fn backlog_is_processed_at_the_rates_of_the_services() {
    for consumer in Consumer::VARIANTS {
        let (failure, start, duration) = (Failure::TableFails, Duration::ZERO, Duration::ZERO);
        assert_success(Outage { failure, start, duration, consumer: *consumer, messages: 300 });
    }
}
