use std::time::Duration;

use super::{SOON, get, probes};

const STREAMS: &str = "
Resources:
  Table:
    Type: AWS::DynamoDB::Table
    Properties:
      AttributeDefinitions: [{ AttributeName: pk, AttributeType: S }]
      KeySchema: [{ AttributeName: pk, KeyType: HASH }]
      StreamSpecification: { StreamViewType: NEW_IMAGE }
      TimeToLiveSpecification: { AttributeName: ttl, Enabled: true }
  ApiProbe:
    Type: AWS::Serverless::Function
    Properties:
      Environment: { Variables: { PROBE_TABLE: !Ref Table } }
      Policies: [{ Statement: [{ Effect: Allow, Action: 'dynamodb:PutItem', Resource: !GetAtt Table.Arn }] }]
      Events: { Default: { Type: HttpApi } }
  StreamProbe:
    Type: AWS::Serverless::Function
    Properties:
      Events:
        Items:
          Type: DynamoDB
          Properties:
            Stream: !GetAtt Table.StreamArn
            StartingPosition: TRIM_HORIZON
            ParallelizationFactor: 4
            BisectBatchOnFunctionError: true
            MaximumRetryAttempts: 1
            FunctionResponseTypes: [ReportBatchItemFailures]
            FilterCriteria:
              Filters:
                - Pattern: '{\"eventName\": [\"INSERT\"], \"dynamodb\": {\"NewImage\": {\"kind\": {\"S\": [\"matching\"]}}}}'
";

#[tokio::test(flavor = "multi_thread")]
async fn function_receives_only_records_that_match_the_filter() {
    let (builder, _folder) = probes(STREAMS);
    let stack = builder.start().await.unwrap();
    for (id, kind) in [("a", "matching"), ("b", "other"), ("a", "matching"), ("c", "matching")] {
        assert_eq!(get(&stack, &format!("/put?id={id}&kind={kind}")).await.body, "200");
    }
    stack.idle(SOON).await.unwrap();
    assert!(stack.logs().wait_for("stream-probe", "batch c", SOON).await.is_some());
    let mut batches: Vec<_> = stack.logs().lines("stream-probe");
    batches.retain(|line| line.starts_with("batch"));
    batches.sort();
    assert_eq!(batches, ["batch a", "batch c"]);
    stack.shutdown().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn failing_record_is_retried_and_then_discarded() {
    let (builder, _folder) = probes(STREAMS);
    let stack = builder.start().await.unwrap();
    assert_eq!(get(&stack, "/put?id=fail").await.body, "200");
    let discarded = stack.logs().wait_for("stream-probe", "discarded 1 stream records", SOON).await;
    assert!(discarded.is_some(), "{:?}", stack.logs().lines("stream-probe"));
    stack.idle(SOON).await.unwrap();
    assert_eq!(stack.stats()["stream-probe"].invocations, 2);
    stack.shutdown().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn batch_is_retried_from_its_first_failure_and_split() {
    let one_worker = STREAMS
        .replace("ParallelizationFactor: 4", "MaximumBatchingWindowInSeconds: 1")
        .replace("MaximumRetryAttempts: 1", "MaximumRetryAttempts: 2");
    let (builder, _folder) = probes(&one_worker);
    let stack = builder.start().await.unwrap();
    for id in ["a", "fail", "c"] {
        assert_eq!(get(&stack, &format!("/put?id={id}")).await.body, "200");
    }
    assert!(stack.logs().wait_for("stream-probe", "discarded", SOON).await.is_some());
    stack.idle(SOON).await.unwrap();
    assert!(stack.logs().wait_for("stream-probe", "batch c", SOON).await.is_some());
    let mut batches = stack.logs().lines("stream-probe");
    batches.retain(|line| line.starts_with("batch"));
    assert_eq!(batches, ["batch a fail c", "batch fail c", "batch fail", "batch fail", "batch c"]);
    stack.shutdown().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn reading_resumes_at_the_checkpoint() {
    let (builder, folder) = probes(STREAMS);
    let state = folder.0.join("state");
    let stack = builder.state_dir(&state).start().await.unwrap();
    assert_eq!(get(&stack, "/put?id=first").await.body, "200");
    stack.idle(SOON).await.unwrap();
    stack.shutdown().await.unwrap();

    let builder = local::StackBuilder::new(folder.0.join("template.yaml")).bin_dir(&folder.0);
    let stack = builder.state_dir(&state).start().await.unwrap();
    assert_eq!(get(&stack, "/put?id=second").await.body, "200");
    stack.idle(Duration::from_secs(10)).await.unwrap();
    assert!(stack.logs().wait_for("stream-probe", "batch second", SOON).await.is_some());
    let lines = stack.logs().lines("stream-probe");
    assert!(!lines.iter().any(|line| line.contains("first")), "{lines:?}");
    stack.shutdown().await.unwrap();
}
