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
                - Pattern: '{\"eventName\": [\"INSERT\"], \"dynamodb\": {\"NewImage\": {\"kind\": {\"S\": [\"wanted\"]}}}}'
";

#[tokio::test(flavor = "multi_thread")]
async fn the_function_sees_what_the_filter_wants() {
    let (builder, _folder) = probes(STREAMS);
    let stack = builder.start().await.unwrap();
    for (id, kind) in [("a", "wanted"), ("b", "other"), ("a", "wanted"), ("c", "wanted")] {
        assert_eq!(get(&stack, &format!("/put?id={id}&kind={kind}")).await.body, "200");
    }
    stack.idle(SOON).await.unwrap();
    assert!(stack.logs().wait_for("stream-probe", "batch c", SOON).await.is_some());
    let mut seen: Vec<_> = stack.logs().lines("stream-probe");
    seen.retain(|line| line.starts_with("batch"));
    seen.sort();
    assert_eq!(seen, ["batch a", "batch c"]);
    stack.shutdown().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failing_record_is_retried_and_then_given_up() {
    let (builder, _folder) = probes(STREAMS);
    let stack = builder.start().await.unwrap();
    assert_eq!(get(&stack, "/put?id=fail").await.body, "200");
    let given_up = stack.logs().wait_for("stream-probe", "gave up 1 stream records", SOON).await;
    assert!(given_up.is_some(), "{:?}", stack.logs().lines("stream-probe"));
    stack.idle(SOON).await.unwrap();
    assert_eq!(stack.stats()["stream-probe"].invocations, 2);
    stack.shutdown().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_goes_on_behind_its_first_failure_and_is_split_before_it_is_given_up() {
    let one_lane = STREAMS
        .replace("ParallelizationFactor: 4", "MaximumBatchingWindowInSeconds: 1")
        .replace("MaximumRetryAttempts: 1", "MaximumRetryAttempts: 2");
    let (builder, _folder) = probes(&one_lane);
    let stack = builder.start().await.unwrap();
    for id in ["a", "fail", "c"] {
        assert_eq!(get(&stack, &format!("/put?id={id}")).await.body, "200");
    }
    assert!(stack.logs().wait_for("stream-probe", "gave up", SOON).await.is_some());
    stack.idle(SOON).await.unwrap();
    assert!(stack.logs().wait_for("stream-probe", "batch c", SOON).await.is_some());
    let mut seen = stack.logs().lines("stream-probe");
    seen.retain(|line| line.starts_with("batch"));
    assert_eq!(seen, ["batch a fail c", "batch fail c", "batch fail", "batch fail", "batch c"]);
    stack.shutdown().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn reading_goes_on_where_it_ended() {
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
