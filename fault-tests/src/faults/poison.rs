//! A message that nobody can read, among nine good ones.

use std::collections::BTreeMap;

use futures::FutureExt;
use futures::future::{BoxFuture, try_join_all};
use local::faults::{Fault as Fails, FaultBody, Rule, Service};
use serde_json::json;
use shared::kit::aws::dynamodb::write::outbox::OutboxEvent;
use shared::messaging::event_routing::Subscriber;
use shared::projections::tally::Tally;
use test_support::audit::{Invariant, Items, Violation};

use crate::fault::{Fault, TrialCounts, Trials};
use crate::fixture::Fixture;
use crate::trial::Trial;

pub(crate) struct Poison;

/// How many messages of a batch are good.
const GOOD: usize = 9;

impl Fault for Poison {
    fn name(&self) -> &'static str {
        "poison"
    }

    fn description(&self) -> &'static str {
        "a message that does not read, among nine good ones of one batch"
    }

    fn effort(&self) -> TrialCounts {
        TrialCounts { long: 1_000, short: 2, together: 20 }
    }

    fn run<'a>(&'a self, bench: &'a Fixture, trials: Trials) -> BoxFuture<'a, ()> {
        async move {
            // The relay is kept from sending the good ones itself, so that they come in this batch alone.
            let down = Rule::new("stream-outbox-relay", Fails::Status(500, FaultBody::Empty));
            bench.faults().inject(down.service(Service::Sqs).times(u64::MAX));
            bench.each(trials, 1, |trial| one(bench, trial)).await;
        }
        .boxed()
    }
}

async fn one(bench: &Fixture, Trial { number, mut random }: Trial) -> Result<bool, Violation> {
    let products = try_join_all((0..GOOD).map(|_| bench.product(number, 1))).await?;
    let items = Items::scan(&bench.shop).await;
    let waiting: BTreeMap<String, String> =
        items.of::<OutboxEvent>().map(|event| (event.event_id.to_string(), event.body)).collect();
    let event = |product: &String| waiting.get(&format!("{product}.1")).cloned();
    let mut batch: Vec<String> = products.iter().filter_map(event).collect();
    let poison = json!({ "type": "product.changed", "poison": local::system::aws_ids::uuid() }).to_string();
    bench.expect_dead_letter(&poison);
    batch.push(poison.clone());
    random.shuffle(&mut batch);
    bench.shop.send_messages("AnalyticsQueue", &batch).await;
    let recorded = || async {
        let letters = bench.dead(Subscriber::Analytics).await;
        letters.into_iter().find(|letter| letter.body == poison)
    };
    let letter = bench.until(recorded).await;
    let reason = letter.map(|letter| letter.reason).unwrap_or_default();
    if !reason.starts_with("the message does not read") {
        let expected = "a dead letter that says that the message does not read";
        return Err(Violation::new(Invariant::Outbox, &poison, expected, format!("{reason:?}")));
    }
    let counted = || async {
        let evidence = Items::scan(&bench.shop).await;
        let tallies: Vec<String> = evidence.of::<Tally>().map(|tally| tally.id.to_string()).collect();
        products.iter().all(|product| tallies.contains(product)).then_some(())
    };
    if batch.len() == GOOD + 1 && bench.until(counted).await.is_some() {
        return Ok(true);
    }
    let was = format!("{} of them were there to be sent", batch.len() - 1);
    Err(Violation::new(Invariant::Outbox, format!("trial {number}"), "nine good messages applied", was))
}
