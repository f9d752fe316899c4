//! Security: least privilege, encryption in transit and at rest, and protection from deletion.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use test_support::TestTable;

use super::{ids, of_kind, resources, statements, template, texts};

#[test]
fn grants_have_no_wildcards() {
    let template = template();
    // X-Ray has no resource-level permissions; DescribeAlarms by name requires a grant on all alarms.
    let justified = [
        ("TelemetryPolicy", json!(["xray:PutTelemetryRecords", "xray:PutTraceSegments"])),
        ("DeploymentRole", json!("cloudwatch:DescribeAlarms")),
    ];
    let all = statements(&template);
    assert!(all.len() > 40, "only {} statements were found", all.len());
    for (id, statement) in all {
        assert!(!texts(&statement["Action"]).iter().any(|action| action.contains('*')), "{id}: {statement}");
        if justified.iter().any(|(role, action)| *role == id && *action == statement["Action"]) {
            continue;
        }
        assert!(!texts(&statement["Resource"]).iter().any(|arn| arn.contains('*')), "{id}: {statement}");
    }
    for (id, properties) in of_kind(&template, "AWS::IAM::Role") {
        let managed = properties.get("ManagedPolicyArns").unwrap_or(&Value::Null);
        let service = &properties["AssumeRolePolicyDocument"]["Statement"][0]["Principal"]["Service"];
        let expected = if service == "lambda.amazonaws.com" {
            json!([{ "Ref": "TelemetryPolicy" }])
        } else {
            Value::Null
        };
        assert_eq!(*managed, expected, "{id}: managed policies from outside this template");
    }
}

#[tokio::test]
async fn functions_have_own_roles_platform_grants_and_log_groups() {
    let table = TestTable::open().await;
    let deployment = table.stack().deployment();
    let template = template();
    let mut roles = BTreeSet::new();
    for function in &deployment.functions {
        let name = &function.stem;
        let missing: Vec<_> = function.platform_grants().difference(&function.grants).cloned().collect();
        assert!(missing.is_empty(), "{name} lacks the grants {missing:?}");
        assert!(function.traced && function.log_group.is_some(), "{name} has no tracing or no log group");
        let role = &resources(&template)[&function.logical_id]["Properties"]["Role"]["Fn::GetAtt"][0];
        assert!(roles.insert(role.as_str().unwrap().to_owned()), "{name} shares its role");
    }
    for (id, properties) in of_kind(&template, "AWS::Logs::LogGroup") {
        assert_eq!(properties["RetentionInDays"], json!({ "Ref": "LogRetentionDays" }), "{id}");
    }
}

#[test]
fn queues_require_tls() {
    let template = template();
    let (_, policy) = of_kind(&template, "AWS::SQS::QueuePolicy").next().unwrap();
    let covered: BTreeSet<String> = texts(&policy["Queues"]).into_iter().map(str::to_owned).collect();
    assert_eq!(covered, ids(&template, "AWS::SQS::Queue"));
    let expected = json!({
        "Effect": "Deny",
        "Principal": "*",
        "Action": "sqs:*",
        "Resource": "*",
        "Condition": { "Bool": { "aws:SecureTransport": "false" } },
    });
    assert_eq!(policy["PolicyDocument"]["Statement"], json!([expected]));
}

#[tokio::test]
async fn dead_letter_queues_accept_their_own_queue_only() {
    let table = TestTable::open().await;
    let deployment = table.stack().deployment();
    let mut redriven = 0;
    for queue in &deployment.queues {
        let Some(redrive) = &queue.redrive else { continue };
        redriven += 1;
        let own = local::system::arn::queue_arn(&queue.name);
        let target = |other: &&local::template::Queue| {
            local::system::arn::queue_arn(&other.name) == redrive.target_arn
        };
        let target = deployment.queues.iter().find(target).unwrap();
        assert_eq!(target.redrive_sources, Some(vec![own]), "{}", target.name);
    }
    assert!(redriven >= 6, "only {redriven} queues with dead letters were found");
}

#[test]
fn data_is_encrypted_restorable_and_retained() {
    let template = template();
    let table = &resources(&template)["Table"];
    assert_eq!([&table["DeletionPolicy"], &table["UpdateReplacePolicy"]], [&json!("Retain"); 2]);
    let properties = &table["Properties"];
    assert_eq!(properties["SSESpecification"]["SSEEnabled"], true);
    assert_eq!(properties["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"], true);
    assert_eq!(properties["DeletionProtectionEnabled"], json!({ "Ref": "TableDeletionProtection" }));
    assert_eq!(template.written("Parameters").unwrap()["TableDeletionProtection"]["Default"], "true");
    for (id, queue) in of_kind(&template, "AWS::SQS::Queue") {
        assert_eq!(queue["SqsManagedSseEnabled"], true, "{id}");
    }
    for (id, topic) in of_kind(&template, "AWS::SNS::Topic") {
        assert_eq!(topic["KmsMasterKeyId"], json!({ "Ref": "Key" }), "{id}");
    }
    let functions = &template.written("Globals").unwrap()["Function"];
    assert_eq!(functions["KmsKeyArn"], json!({ "Fn::GetAtt": ["Key", "Arn"] }));
}
