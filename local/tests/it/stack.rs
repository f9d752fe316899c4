use std::{path::Path, time::Instant};

use local::dev::watch_routes;
use local::keys::local_secrets::Secrets;
use local::template::Template;
use local::{StackBuilder, StartError};

use super::{API, SOON, get, probes};

#[tokio::test(flavor = "multi_thread")]
async fn template_of_this_repository_starts_within_a_second() {
    let template = concat!(env!("CARGO_MANIFEST_DIR"), "/../template.yaml");
    let begin = Instant::now();
    let stack = StackBuilder::new(template).schedules(false).start().await.unwrap();
    assert!(begin.elapsed().as_millis() < 1_000, "{:?}", begin.elapsed());
    assert_eq!(stack.table_name("Table"), Some("agora-table"));
    assert!(stack.queue_url("FulfilmentQueue").unwrap().starts_with(&stack.sqs_endpoint()));
    stack.idle(SOON).await.unwrap();
    stack.shutdown().await.unwrap();
}

#[test]
fn root_manifest_has_the_routes_of_the_template() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let template = Template::read(&root.join("template.yaml")).unwrap();
    let mut parameters = template.development_parameters();
    parameters.extend(Secrets::generate(&template).unwrap().parameters(&template));
    let deployment = template.resolve(&parameters, "http://localhost").unwrap();
    let manifest = std::fs::read_to_string(root.join("Cargo.toml")).unwrap();
    let updated = watch_routes::update(&manifest, &deployment).unwrap();
    assert!(manifest == updated, "run `local watch-routes --write`:\n{}", watch_routes::table(&deployment));
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_are_preserved_by_a_clean_stop() {
    let (builder, folder) = probes(API);
    let state = folder.0.join("state");
    let stack = builder.state_dir(&state).start().await.unwrap();
    assert_eq!(get(&stack, "/send?body=preserved").await.body, "200");
    stack.shutdown().await.unwrap();
    let builder = || StackBuilder::new(folder.0.join("template.yaml")).bin_dir(&folder.0).state_dir(&state);
    let stack = builder().start().await.unwrap();
    assert_eq!(stack.queue_depth("Queue").await.unwrap().unwrap().visible, 1);
    stack.shutdown().await.unwrap();
    let env = std::fs::read_to_string(state.join("env")).unwrap();
    assert!(env.contains("PROBE_TABLE='agora-table'"), "{env}");
}

#[tokio::test(flavor = "multi_thread")]
async fn error_of_a_used_port_names_port_and_flag() {
    let (builder, folder) = probes(API);
    let stack = builder.start().await.unwrap();
    let port: u16 = stack.url().rsplit(':').next().unwrap().parse().unwrap();
    let second = StackBuilder::new(folder.0.join("template.yaml")).port(port).start().await;
    let Err(error @ StartError::Port { .. }) = second else { panic!("the port is free") };
    let text = error.to_string();
    assert!(text.contains(&port.to_string()) && text.contains("--port"), "{text}");
    stack.shutdown().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn schedule_is_run_on_request() {
    let template = "
Resources:
  ScheduleProbe:
    Type: AWS::Serverless::Function
    Properties:
      Events: { Tick: { Type: ScheduleV2, Properties: { ScheduleExpression: rate(1 minute) } } }
";
    let (builder, _folder) = probes(template);
    let stack = builder.start().await.unwrap();
    stack.run_schedule("schedule-probe").await.unwrap();
    assert!(stack.logs().wait_for("schedule-probe", "aws.scheduler", SOON).await.is_some());
    assert!(stack.run_schedule("api-probe").await.is_err());
    stack.shutdown().await.unwrap();
}
