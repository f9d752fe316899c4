use local::faults::{Fault, Rule, Service};

use super::{API, get, probes};

#[tokio::test(flavor = "multi_thread")]
async fn calls_are_recorded_with_their_function_and_target() {
    let (builder, _folder) = probes(API);
    let stack = builder.start().await.unwrap();
    assert_eq!(get(&stack, "/put").await.body, "200");
    assert_eq!(get(&stack, "/send").await.body, "200");
    let calls = stack.faults().calls();
    let recorded: Vec<_> = calls
        .iter()
        .map(|call| (call.service, call.operation.as_str(), call.target.as_deref().unwrap(), call.status))
        .collect();
    assert_eq!(
        recorded,
        [
            (Service::DynamoDb, "PutItem", "agora-table", Some(200)),
            (Service::Sqs, "SendMessage", "agora-queue", Some(200)),
        ]
    );
    assert!(calls.iter().all(|call| call.function == "api-probe"));
    stack.shutdown().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn status_fault_responds_without_calling_the_service() {
    let (builder, _folder) = probes(API);
    let stack = builder.start().await.unwrap();
    let rule = Rule::new("api-probe", Fault::throttled()).service(Service::Sqs).nth(2);
    let injection = stack.faults().inject(rule);
    let mut statuses = Vec::new();
    for _ in 0..3 {
        statuses.push(get(&stack, "/send").await.body);
    }
    assert_eq!(statuses, ["200", "400", "200"]);
    assert_eq!(injection.trigger_count(), 1);
    assert_eq!(stack.queue_depth("Queue").await.unwrap().unwrap().visible, 2);
    stack.shutdown().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn only_kill_after_lets_the_service_process_the_call() {
    let (builder, _folder) = probes(API);
    let stack = builder.start().await.unwrap();
    for (fault, messages) in [(Fault::KillBefore, 0), (Fault::KillAfter, 1)] {
        stack.faults().inject(Rule::new("api-probe", fault).operation("SendMessage"));
        assert_eq!(get(&stack, "/send").await.status, 500);
        assert_eq!(stack.queue_depth("Queue").await.unwrap().unwrap().visible, messages);
    }
    assert_eq!(stack.stats()["api-probe"].crashes, 2);
    assert_eq!(get(&stack, "/send").await.body, "200");
    stack.shutdown().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn dropped_response_closes_the_connection_after_the_call() {
    let (builder, _folder) = probes(API);
    let stack = builder.start().await.unwrap();
    stack.faults().inject(Rule::new("*", Fault::DropResponse).operation("SendMessage"));
    // The probe returns the connection error as its own error and keeps running.
    assert_eq!(get(&stack, "/send").await.status, 500);
    assert_eq!(stack.queue_depth("Queue").await.unwrap().unwrap().visible, 1);
    assert_eq!((stack.stats()["api-probe"].errors, stack.stats()["api-probe"].crashes), (1, 0));
    stack.shutdown().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn call_without_grant_is_denied_and_reported() {
    let template = API.replace("Action: 'dynamodb:PutItem'", "Action: 'dynamodb:GetItem'");
    let (builder, _folder) = probes(&template);
    let stack = builder.start().await.unwrap();
    assert_eq!(get(&stack, "/put").await.body, "400");
    assert_eq!(get(&stack, "/send").await.body, "200");
    let denied: Vec<String> = stack.iam_policies().denied().iter().map(ToString::to_string).collect();
    let table = "arn:aws:dynamodb:eu-central-1:000000000000:table/agora-table";
    let expected = format!("api-probe is not authorized to perform: dynamodb:PutItem on resource: {table}");
    assert_eq!(denied, [expected]);
    let unused: Vec<String> =
        stack.iam_policies().unused("api-probe").into_iter().map(|grant| grant.action).collect();
    assert_eq!(unused, ["dynamodb:GetItem"]);
}
