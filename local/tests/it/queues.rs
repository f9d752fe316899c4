use std::time::Duration;

use local::Stack;

use super::{SOON, get, probes};

const QUEUES: &str = "
Resources:
  Work:
    Type: AWS::SQS::Queue
    Properties:
      VisibilityTimeout: 60
      RedrivePolicy: { deadLetterTargetArn: !GetAtt Dead.Arn, maxReceiveCount: 2 }
  Dead: { Type: AWS::SQS::Queue }
  ApiProbe:
    Type: AWS::Serverless::Function
    Properties:
      Environment: { Variables: { PROBE_QUEUE_URL: !Ref Work } }
      Policies: [{ Statement: [{ Effect: Allow, Action: 'sqs:SendMessage', Resource: !GetAtt Work.Arn }] }]
      Events: { Default: { Type: HttpApi } }
  QueueProbe:
    Type: AWS::Serverless::Function
    Properties:
      Events:
        Work:
          Type: SQS
          Properties:
            Queue: !GetAtt Work.Arn
            FunctionResponseTypes: [ReportBatchItemFailures]
            FilterCriteria: { Filters: [{ Pattern: '{\"body\": [{\"anything-but\": [\"filtered\"]}]}' }] }
";

async fn enqueue(stack: &Stack, body: &str) {
    assert_eq!(get(stack, &format!("/send?body={body}")).await.body, "200");
}

async fn dead_letters(stack: &Stack) -> u64 {
    stack.queue_depth("Dead").await.unwrap().unwrap().total()
}

#[tokio::test(flavor = "multi_thread")]
async fn message_is_delivered_once_and_deleted() {
    let (builder, _folder) = probes(QUEUES);
    let stack = builder.start().await.unwrap();
    enqueue(&stack, "one").await;
    enqueue(&stack, "filtered").await;
    stack.idle(SOON).await.unwrap();
    assert!(stack.logs().wait_for("queue-probe", "batch one", SOON).await.is_some());
    let lines = stack.logs().lines("queue-probe");
    assert_eq!(lines.iter().filter(|line| line.starts_with("batch")).count(), 1, "{lines:?}");
    stack.shutdown().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn failed_message_is_redelivered_and_then_dead_lettered() {
    let (builder, _folder) = probes(QUEUES);
    let stack = builder.start().await.unwrap();
    enqueue(&stack, "fail").await;
    assert!(stack.logs().wait_for("queue-probe", "batch fail", SOON).await.is_some());
    // The message stays in flight until its visibility timeout, which `redeliver` ends early.
    let remaining = stack.idle(Duration::from_millis(300)).await.unwrap_err();
    assert_eq!(remaining.queues["agora-work"].in_flight, 1);
    while dead_letters(&stack).await == 0 {
        stack.redeliver().await;
        local::system::clock::sleep(Duration::from_millis(5)).await;
    }
    let lines = stack.logs().lines("queue-probe");
    assert_eq!(lines.iter().filter(|line| *line == "batch fail").count(), 2, "{lines:?}");
    stack.shutdown().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn function_error_fails_the_whole_batch() {
    let (builder, _folder) = probes(QUEUES);
    let stack = builder.visibility_timeout(Duration::from_secs(1)).start().await.unwrap();
    enqueue(&stack, "error").await;
    // Two receives one second apart, then the dead-letter queue.
    let end = tokio::time::Instant::now() + SOON;
    while dead_letters(&stack).await == 0 && tokio::time::Instant::now() < end {
        local::system::clock::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(dead_letters(&stack).await, 1);
    assert_eq!(stack.stats()["queue-probe"].errors, 2);
    stack.shutdown().await.unwrap();
}
