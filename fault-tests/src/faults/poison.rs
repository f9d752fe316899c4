//! A malformed message in a batch with nine valid ones.

use std::collections::BTreeMap;

use futures::FutureExt;
use futures::future::{BoxFuture, try_join_all};
use local::faults::{Fault as CallFault, FaultBody, Rule, Service};
use serde_json::json;
use shared::kit::aws::dynamodb::write::outbox::OutboxEvent;
use shared::messaging::event_routing::Subscriber;
use shared::projections::tally::Tally;
use test_support::audit::{Invariant, Items, Violation};

use crate::fault::{Fault, TrialCounts, Trials};
use crate::fixture::Fixture;
use crate::trial::Trial;

pub(crate) struct Poison;

/// Number of valid messages in a batch.
const VALID: usize = 9;

impl Fault for Poison {
    fn name(&self) -> &'static str {
        "poison"
    }

    fn description(&self) -> &'static str {
        "a malformed message among nine valid ones in one batch"
    }

    fn trial_counts(&self) -> TrialCounts {
        TrialCounts { long: 1_000, short: 2, per_stack: 20 }
    }

    fn run<'a>(&'a self, fixture: &'a Fixture, trials: Trials) -> BoxFuture<'a, ()> {
        async move {
            // The relay must not send the valid messages itself: they are only delivered in this batch.
            let relay_down = Rule::new("stream-outbox-relay", CallFault::Status(500, FaultBody::Empty));
            fixture.faults().inject(relay_down.service(Service::Sqs).times(u64::MAX));
            fixture.run_trials(trials, 1, |trial| one(fixture, trial)).await;
        }
        .boxed()
    }
}

async fn one(fixture: &Fixture, Trial { number, mut rng }: Trial) -> Result<bool, Violation> {
    let products = try_join_all((0..VALID).map(|_| fixture.product(number, 1))).await?;
    let items = Items::scan(&fixture.app).await;
    let outbox: BTreeMap<String, String> =
        items.of::<OutboxEvent>().map(|event| (event.event_id.to_string(), event.body)).collect();
    let event = |product: &String| outbox.get(&format!("{product}.1")).cloned();
    let mut batch: Vec<String> = products.iter().filter_map(event).collect();
    let poison = json!({ "type": "product.changed", "poison": local::system::aws_ids::uuid() }).to_string();
    fixture.expect_dead_letter(&poison);
    batch.push(poison.clone());
    rng.shuffle(&mut batch);
    fixture.app.send_messages("AnalyticsQueue", &batch).await;
    let recorded = || async {
        let dead_letters = fixture.dead_letters(Subscriber::Analytics).await;
        dead_letters.into_iter().find(|dead_letter| dead_letter.body == poison)
    };
    let dead_letter = fixture.poll(recorded).await;
    let reason = dead_letter.map(|dead_letter| dead_letter.reason).unwrap_or_default();
    if !reason.starts_with("the message cannot be parsed") {
        let expected = "a dead letter whose reason is a malformed message";
        return Err(Violation::new(Invariant::Outbox, &poison, expected, format!("{reason:?}")));
    }
    let counted = || async {
        let items = Items::scan(&fixture.app).await;
        let tallies: Vec<String> = items.of::<Tally>().map(|tally| tally.id.to_string()).collect();
        products.iter().all(|product| tallies.contains(product)).then_some(())
    };
    if batch.len() == VALID + 1 && fixture.poll(counted).await.is_some() {
        return Ok(true);
    }
    let was = format!("{} of them were sent", batch.len() - 1);
    Err(Violation::new(Invariant::Outbox, format!("trial {number}"), "nine valid messages applied", was))
}
