use std::{path::Path, time::Duration};

use super::{Deployment, Parameters, StartingPosition, Template, TemplateError};
use crate::keys::local_secrets::Secrets;

const QUEUES: &str = "http://127.0.0.1:9324";

fn resolve(text: &str) -> Result<Deployment, TemplateError> {
    Template::parse(text)?.resolve(&Parameters::new(), QUEUES)
}

fn problem(text: &str) -> String {
    resolve(text).unwrap_err().to_string()
}

fn function(properties: &str) -> String {
    format!("Resources:\n  ApiX:\n    Type: AWS::Serverless::Function\n    Properties:\n{properties}")
}

#[test]
fn template_of_this_repository_is_resolved() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../template.yaml");
    let template = Template::read(&path).unwrap();
    let mut given = template.development_parameters();
    given.extend(Secrets::generate(&template).unwrap().parameters(&template));
    let deployment = template.resolve(&given, QUEUES).unwrap();

    let table = deployment.table("Table").unwrap();
    assert_eq!((table.name.as_str(), table.stream), ("agora-table", true));
    assert!(table.time_to_live.is_some());

    let queue = deployment.queue("FulfilmentQueue").unwrap();
    assert_eq!(queue.attributes["VisibilityTimeout"], "180");
    let redrive = queue.redrive.as_ref().unwrap();
    assert!(redrive.target_arn.ends_with(":agora-fulfilment-dead-letters"));
    assert_eq!(redrive.max_receive_count, 5);

    let relay = deployment.function("stream-outbox-relay").unwrap();
    let stream = &relay.streams[0];
    assert_eq!((stream.table.as_str(), stream.parallelization), ("agora-table", 4));
    assert_eq!((stream.start, stream.max_retries), (StartingPosition::TrimHorizon, Some(100)));
    assert!(!stream.filters.is_empty());

    let fulfilment = deployment.function("QueueFulfilment").unwrap();
    assert_eq!(fulfilment.queues[0].queue, "agora-fulfilment-queue");
    assert_eq!(fulfilment.queues[0].maximum_concurrency, Some(20));
    assert_eq!(
        fulfilment.environment["AGORA_QUEUE_URL"],
        "http://127.0.0.1:9324/000000000000/agora-fulfilment-queue"
    );
    assert!(deployment.routes().any(|(route, stem)| route.path == "$default" && stem == "api-meta"));
}

#[test]
fn globals_are_merged_into_functions() {
    let text = "
Globals:
  Function:
    Timeout: 10
    Environment: { Variables: { A: 1, B: global } }
Resources:
  ApiX:
    Type: AWS::Serverless::Function
    Properties:
      MemorySize: 512
      Environment: { Variables: { B: own, C: !Sub '${AWS::Region}-${!x}' } }
";
    let deployment = resolve(text).unwrap();
    let function = deployment.function("api-x").unwrap();
    assert_eq!((function.timeout, function.memory), (Duration::from_secs(10), 512));
    let pairs: Vec<_> =
        function.environment.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
    assert_eq!(pairs, [("A", "1"), ("B", "own"), ("C", "eu-central-1-${x}")]);
}

#[test]
fn intrinsic_functions_work_in_short_and_long_form() {
    let text = "
Resources:
  Q: { Type: AWS::SQS::Queue }
  ApiX:
    Type: AWS::Serverless::Function
    Properties:
      Environment:
        Variables:
          ARN: { Fn::GetAtt: [Q, Arn] }
          URL: { Ref: Q }
          LIST: { Fn::Join: [',', [a, !Ref Q]] }
          SUB: !Sub ['${x}/${Q.QueueName}', { x: !Select [1, !Split ['-', 'a-b']] }]
";
    let deployment = resolve(text).unwrap();
    let environment = &deployment.function("api-x").unwrap().environment;
    assert_eq!(environment["ARN"], "arn:aws:sqs:eu-central-1:000000000000:agora-q");
    assert_eq!(environment["URL"], "http://127.0.0.1:9324/000000000000/agora-q");
    assert_eq!(environment["LIST"], "a,http://127.0.0.1:9324/000000000000/agora-q");
    assert_eq!(environment["SUB"], "b/agora-q");
}

#[test]
fn conditions_select_resources_and_values() {
    let text = "
Parameters:
  Stage: { Type: String, Default: dev }
Conditions:
  Live: !Equals [!Ref Stage, live]
  Other: !Not [!Condition Live]
Resources:
  Excluded: { Type: AWS::SQS::Queue, Condition: Live }
  ApiX:
    Type: AWS::Serverless::Function
    Properties:
      Environment:
        Variables:
          MODE: !If [Other, small, large]
          NONE: !If [Live, x, !Ref AWS::NoValue]
";
    let deployment = resolve(text).unwrap();
    assert!(deployment.queues.is_empty());
    let environment = &deployment.function("api-x").unwrap().environment;
    assert_eq!(environment["MODE"], "small");
    assert!(!environment.contains_key("NONE"));
}

#[test]
fn errors_name_the_resource_and_the_property() {
    let cases = [
        ("      Timeout: soon", "ApiX.Timeout must be an integer in the allowed range"),
        (
            "      Environment: { Variables: { T: !Ref Nothing } }",
            "ApiX.Environment.Variables.T: `Nothing` is not a parameter or resource of this template",
        ),
        (
            "      Environment: { Variables: { T: !Base64 x } }",
            "ApiX.Environment.Variables.T: the intrinsic function `Fn::Base64` is not supported",
        ),
        (
            "      Environment: { Variables: { T: !Rev x } }",
            "Resources.ApiX.Properties.Environment.Variables.T: the tag `!Rev` is not supported",
        ),
        (
            "      Events: { E: { Type: SNS } }",
            "ApiX.Events.E.Type: the local stack does not support events of type `SNS`",
        ),
        ("      Events: { E: { Type: SQS } }", "ApiX.Events.E.Properties.Queue is missing"),
    ];
    for (properties, expected) in cases {
        assert_eq!(problem(&function(properties)), expected);
    }
    assert_eq!(problem("Parameters: {}"), "the template has no `Resources`");
    assert!(problem("a: [").starts_with("not valid YAML"));
}

#[test]
fn parameter_constraints_are_checked() {
    let text = "
Parameters:
  Key: { Type: String, MinLength: 3 }
  Size: { Type: Number, Default: 5, MaxValue: 9 }
  Mode: { Type: String, Default: a, AllowedValues: [a, b] }
Resources: { Q: { Type: AWS::SQS::Queue } }
";
    let with = |pairs: &[(&str, &str)]| {
        let given = pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Template::parse(text).unwrap().resolve(&given, QUEUES).map(|_| ()).map_err(|error| error.to_string())
    };
    assert_eq!(with(&[("Key", "abc")]), Ok(()));
    let refusals = [
        (vec![], "the parameter `Key` has no default and no value"),
        (vec![("Key", "ab")], "the parameter `Key` violates its constraint `MinLength`"),
        (vec![("Key", "abc"), ("Size", "10")], "the parameter `Size` violates its constraint `MaxValue`"),
        (vec![("Key", "abc"), ("Mode", "c")], "the parameter `Mode` violates its constraint `AllowedValues`"),
        (vec![("Key", "abc"), ("Oops", "c")], "the template declares no parameter `Oops`"),
    ];
    for (given, expected) in refusals {
        assert_eq!(with(&given), Err(expected.to_owned()));
    }
}
