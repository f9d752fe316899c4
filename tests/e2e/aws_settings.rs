//! Settings of the AWS SDKs: functions read them from the environment alone, operator tools also from profiles.

use std::fs;
use std::path::PathBuf;

use bytes::Bytes;
use local::faults::{Fault, Faults, Rule, Service};
use local::services::iam::IamPolicies;
use local::services::lambda::{FunctionHost, Invocation, RuntimeHost, RuntimeSettings, Upstream};
use local::stack::default_bin_dir;
use local::system::aws_ids::uuid;
use local::telemetry::logs::{Logs, Sink};
use serde_json::Value;
use test_support::{TestTable, workspace};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::net::TcpListener;
use tokio::process::Command;

/// Profile with an invalid setting, so that every process that reads it fails.
const INVALID_PROFILE: &str = "[profile shop]\nregion = eu-central-1\nmax_attempts = many\n";

/// Folder for a profile file; deleted when it is dropped.
struct Profiles(PathBuf);

impl Profiles {
    fn new(config: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("profiles-{}", uuid()));
        fs::create_dir(&folder).unwrap();
        fs::write(folder.join("config"), config).unwrap();
        Self(folder)
    }

    /// Variables that select the profile.
    fn variables(&self) -> [(&'static str, String); 2] {
        let file = self.0.join("config").display().to_string();
        [("AWS_CONFIG_FILE", file), ("AWS_PROFILE", "shop".to_owned())]
    }
}

impl Drop for Profiles {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).unwrap();
    }
}

/// Status of `GET /health/ready` of a function with additional variables, behind `faults`.
async fn readiness(table: &TestTable, faults: &Faults, variables: &[(&str, String)]) -> Value {
    let mut function = table.stack().deployment().function("api-meta").unwrap().clone();
    function.environment.extend(variables.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
    let upstream = |service, url: String, variable| {
        let address = url.strip_prefix("http://").unwrap().parse().unwrap();
        Upstream { service, address, variable, always: true }
    };
    let settings = RuntimeSettings {
        bin_dir: default_bin_dir(),
        instances: 1,
        upstreams: vec![
            upstream(Service::DynamoDb, table.stack().dynamodb_endpoint(), "AWS_ENDPOINT_URL_DYNAMODB"),
            upstream(Service::Sqs, table.stack().sqs_endpoint(), "AWS_ENDPOINT_URL_SQS"),
        ],
        policies: IamPolicies::default(),
        faults: faults.clone(),
        tls: None,
        logs: Logs::new(Sink::Memory),
    };
    let host = RuntimeHost::new(&[function], settings);
    let event = fs::read(workspace("events/api-meta/ready.json")).unwrap();
    let response: Bytes = host.invoke("api-meta", Invocation::new(event)).await.unwrap();
    host.shutdown().await;
    serde_json::from_slice::<Value>(&response).unwrap()["statusCode"].clone()
}

/// Runs `ops grant-admin` for an unknown address, and returns its error message.
async fn grant_admin(table: &str, variables: &[(&str, String)]) -> String {
    let output = Command::new(default_bin_dir().join("ops"))
        .args(["grant-admin", "--table", table, "--email", "unknown@example.com"])
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap())
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .envs(variables.iter().cloned())
        .output()
        .await
        .unwrap();
    assert!(!output.status.success());
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn function_has_the_settings_of_the_environment() {
    let table = TestTable::open().await;
    for (variables, attempts) in [
        (Vec::new(), 3),
        (vec![("AWS_MAX_ATTEMPTS", "2".to_owned())], 2),
        // The SDKs send no request if one of these settings is combined with a custom endpoint.
        (vec![("AWS_USE_FIPS_ENDPOINT", "true".to_owned())], 0),
        (vec![("AWS_USE_DUALSTACK_ENDPOINT", "true".to_owned())], 0),
    ] {
        let faults = Faults::default();
        let fails = Rule::new("api-meta", Fault::unavailable()).service(Service::DynamoDb).times(u64::MAX);
        let injected = faults.inject(fails);
        assert_eq!(readiness(&table, &faults, &variables).await, 503);
        assert_eq!(injected.trigger_count(), attempts, "with {variables:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn function_reads_no_profile() {
    let (table, profiles) = (TestTable::open().await, Profiles::new(INVALID_PROFILE));
    assert_eq!(readiness(&table, &Faults::default(), &profiles.variables()).await, 200);
    let error = grant_admin(&table.name(), &profiles.variables()).await;
    assert!(error.contains("max_attempts"), "an operator tool reads the same profile: {error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn operator_tool_uses_a_profile_with_credential_process() {
    let table = TestTable::open().await;
    let profiles = Profiles::new("");
    let (config, script, started) =
        (profiles.0.join("config"), profiles.0.join("credentials.sh"), profiles.0.join("started"));
    let credentials = r#"{"Version": 1, "AccessKeyId": "local", "SecretAccessKey": "local"}"#;
    fs::write(&script, format!("touch {}\necho '{credentials}'\n", started.display())).unwrap();
    let profile = format!(
        "[profile shop]\nregion = eu-central-1\ncredential_process = sh {}\nservices = local\n\
         [services local]\ndynamodb =\n  endpoint_url = {}\n",
        script.display(),
        table.stack().dynamodb_endpoint()
    );
    fs::write(config, profile).unwrap();
    let error = grant_admin(&table.name(), &profiles.variables()).await;
    assert!(error.contains("no account has this e-mail address"), "{error}");
    assert!(started.exists(), "the process provided the credentials");
}

/// Runs `ops grant-admin` with this setting and a custom endpoint. Returns the headers of its first request;
/// `None` if it sends none.
async fn request_headers(setting: &str, value: &str) -> Option<Vec<String>> {
    let server = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let variables = [
        ("AWS_REGION", "eu-central-1".to_owned()),
        ("AWS_ACCESS_KEY_ID", "local".to_owned()),
        ("AWS_SECRET_ACCESS_KEY", "local".to_owned()),
        ("AWS_ENDPOINT_URL_DYNAMODB", format!("http://{}", server.local_addr().unwrap())),
        ("AWS_MAX_ATTEMPTS", "1".to_owned()),
        (setting, value.to_owned()),
    ];
    let received = async {
        let (stream, _) = server.accept().await.unwrap();
        let mut lines = BufReader::new(stream).lines();
        let mut headers = Vec::new();
        while let Some(line) = lines.next_line().await.unwrap().filter(|line| !line.is_empty()) {
            headers.push(line);
        }
        headers
    };
    tokio::select! {
        headers = received => Some(headers),
        error = grant_admin("agora", &variables) => {
            assert!(error.contains("the table did not respond"), "{error}");
            None
        }
    }
}

#[tokio::test]
async fn operator_tool_has_the_settings_of_the_environment() {
    let headers = request_headers("AWS_SDK_UA_APP_ID", "shop").await.unwrap();
    assert!(headers.iter().any(|header| header.contains("app/shop")), "{headers:?}");
    // The SDKs send no request if one of these settings is combined with a custom endpoint.
    for setting in ["AWS_USE_FIPS_ENDPOINT", "AWS_USE_DUALSTACK_ENDPOINT"] {
        assert!(request_headers(setting, "false").await.is_some(), "{setting}");
        assert_eq!(request_headers(setting, "true").await, None, "{setting}");
    }
}

#[tokio::test]
async fn operator_tool_names_what_is_missing() {
    let missing_region = grant_admin("agora", &[]).await;
    assert!(missing_region.contains("AWS_REGION is not set"), "{missing_region}");
    let region = [("AWS_REGION", "eu-central-1".to_owned())];
    let missing_credentials = grant_admin("agora", &region).await;
    assert!(missing_credentials.contains("no AWS credentials"), "{missing_credentials}");
}
