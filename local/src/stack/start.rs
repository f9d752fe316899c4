//! Starts the parts of a stack in order: ports, whose addresses are values of the template, then the
//! services, the function host, and the gateway and event sources.

use std::{
    fs, io,
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
};

use axum::Router;
use tokio::{net::TcpListener, task::JoinSet};
use tokio_util::sync::CancellationToken;

use super::{Addresses, HostChoice, Stack, StackBuilder, StartError};
use crate::dev::env_file::Environments;
use crate::faults::{Faults, Service};
use crate::keys::local_secrets::{PAYMENT_KEY, Secrets, WEBHOOK_SECRET};
use crate::keys::store::SECRETS_FILE;
use crate::services::api_gateway;
use crate::services::bedrock;
use crate::services::dynamodb::Database;
use crate::services::event_sources::Invoker;
use crate::services::event_sources::queue::QueuePoller;
use crate::services::event_sources::schedule::ScheduleRunner;
use crate::services::event_sources::stream::StreamReader;
use crate::services::iam::IamPolicies;
use crate::services::lambda::{
    FunctionHost, RuntimeHost, RuntimeSettings, Upstream, WatchHost, WatchSettings,
};
use crate::services::ses::MailCatcher;
use crate::services::sqs::Queues;
use crate::telemetry::logs::{Logs, Sink};
use crate::template::{Deployment, Parameters, Template};
use stripe_sandbox::{Rates, Sandbox};

/// Path for payment webhooks, if the template has this route.
const WEBHOOK_PATH: &str = "/v1/payments/webhook";

/// Listeners of the services.
struct Listeners {
    dynamodb: TcpListener,
    sqs: TcpListener,
    payments: TcpListener,
    mail: TcpListener,
    bedrock: TcpListener,
    metrics: TcpListener,
}

/// Running services that functions use.
struct Services {
    parameters: Parameters,
    deployment: Deployment,
    access: IamPolicies,
    database: Database,
    queues: Queues,
    payments: Sandbox,
    mail: MailCatcher,
    stop: CancellationToken,
    servers: JoinSet<()>,
}

impl StackBuilder {
    /// Starts the stack. Functions start when they are first invoked.
    ///
    /// # Errors
    /// [`StartError`] if a part of the stack does not start.
    pub async fn start(self) -> Result<Stack, StartError> {
        start(self).await
    }
}

async fn start(mut builder: StackBuilder) -> Result<Stack, StartError> {
    let template = prepare(&builder)?;
    let (listeners, addresses) = bind(&builder).await?;
    let logs = Logs::new(std::mem::replace(&mut builder.sink, Sink::Memory));
    let faults = Faults::default();
    let (gateway, listeners) = listeners;
    let services = serve(&builder, &template, addresses, listeners, &logs).await?;
    let host = host(&mut builder, &services, addresses, &faults, &logs).await?;
    let invoker = Invoker::new(Arc::clone(&host), logs.clone());
    let intake = CancellationToken::new();
    let mut sources = JoinSet::new();
    api_gateway::serve(gateway, &services.deployment, Arc::clone(&host), &intake, &mut sources);
    let streams = start_event_sources(&builder, &services, &invoker, &intake, &mut sources);
    send_webhooks(&services, addresses.gateway);
    let Services { parameters, deployment, access, database, queues, payments, mail, stop, servers } =
        services;
    Ok(Stack {
        template,
        parameters: Mutex::new(parameters),
        deployment,
        addresses,
        host,
        invoker,
        database,
        queues,
        streams,
        payments,
        mail,
        iam_policies: access,
        faults,
        logs,
        state: builder.state,
        intake,
        sources,
        services: stop,
        servers,
    })
}

/// Creates the state folder and reads the template.
fn prepare(builder: &StackBuilder) -> Result<Template, StartError> {
    if let Some(folder) = &builder.state {
        fs::create_dir_all(folder).map_err(|source| StartError::State { path: folder.clone(), source })?;
    }
    let path = &builder.template;
    Template::read(path).map_err(|source| StartError::Template { path: path.clone(), source })
}

fn send_webhooks(services: &Services, gateway: SocketAddr) {
    if services.deployment.routes().any(|(route, _)| route.path == WEBHOOK_PATH) {
        services.payments.set_webhook_url(Some(format!("http://{gateway}{WEBHOOK_PATH}")));
    }
}

async fn bind(builder: &StackBuilder) -> Result<((TcpListener, Listeners), Addresses), StartError> {
    let ports = builder.ports;
    let (gateway, gateway_address) = listen(ports.gateway, "HTTP API", "--port").await?;
    let (dynamodb, dynamodb_address) = listen(ports.dynamodb, "DynamoDB", "--dynamodb-port").await?;
    let (sqs, sqs_address) = listen(ports.sqs, "SQS", "--sqs-port").await?;
    let (payments, payments_address) = listen(ports.payments, "payment sandbox", "--payments-port").await?;
    let (mail, mail_address) = listen(ports.mail, "mail catcher", "--mail-port").await?;
    let (bedrock, bedrock_address) = listen(ports.bedrock, "Bedrock", "--bedrock-port").await?;
    let (metrics, metrics_address) = listen(ports.metrics, "metrics", "--metrics-port").await?;
    let addresses = Addresses {
        gateway: gateway_address,
        dynamodb: dynamodb_address,
        sqs: sqs_address,
        payments: payments_address,
        mail: mail_address,
        bedrock: bedrock_address,
        metrics: metrics_address,
    };
    Ok(((gateway, Listeners { dynamodb, sqs, payments, mail, bedrock, metrics }), addresses))
}

async fn listen(
    port: u16,
    what: &'static str,
    flag: &'static str,
) -> Result<(TcpListener, SocketAddr), StartError> {
    let failed = |source| StartError::Port { port, what, flag, source };
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await.map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    Ok((listener, address))
}

async fn serve(
    builder: &StackBuilder,
    template: &Template,
    addresses: Addresses,
    listeners: Listeners,
    logs: &Logs,
) -> Result<Services, StartError> {
    let state = builder.state.as_deref();
    let secrets = match state {
        Some(folder) => Secrets::load_or_generate(&folder.join(SECRETS_FILE), template)?,
        None => Secrets::generate(template)?,
    };
    let addresses_of_services = [
        ("ApiUrl", format!("http://{}", addresses.gateway)),
        ("PaymentGatewayUrl", format!("http://{}", addresses.payments)),
    ];
    let mut parameters = template.development_parameters();
    parameters.extend(addresses_of_services.map(|(name, value)| (name.to_owned(), value)));
    parameters.retain(|name, _| template.declares(name));
    parameters.extend(secrets.parameters(template));
    parameters.extend(builder.parameters.clone());
    let invalid = |source| StartError::Template { path: builder.template.clone(), source };
    let deployment = template.resolve(&parameters, &format!("http://{}", addresses.sqs)).map_err(invalid)?;

    let secret = |name: &str| {
        parameters.get(name).map(String::as_str).or_else(|| secrets.get(name)).unwrap_or_default().to_owned()
    };
    let payments = sandbox(state, &secret(PAYMENT_KEY), &secret(WEBHOOK_SECRET))?;
    let mail = mail_catcher(state)?;
    limit_rates(&deployment, &payments, &mail);
    let database =
        Database::open(state.map(|folder| folder.join("dynamodb.sqlite")).as_deref(), &deployment.tables)?;
    let queues =
        Queues::create(&deployment.queues, addresses.sqs, builder.visibility, builder.max_delay).await?;
    if let Some(folder) = state {
        queues.restore(&messages_file(folder)).await?;
    }
    let (stop, mut servers) = (CancellationToken::new(), JoinSet::new());
    database.serve(listeners.dynamodb, &stop, &mut servers);
    queues.serve(listeners.sqs, &stop, &mut servers);
    serve_router(listeners.payments, payments.router(), &stop, &mut servers);
    serve_router(listeners.mail, mail.router(), &stop, &mut servers);
    serve_router(listeners.bedrock, bedrock::router(), &stop, &mut servers);
    serve_router(listeners.metrics, logs.metrics().router(), &stop, &mut servers);
    let access = IamPolicies::of(&deployment.functions);
    Ok(Services { parameters, deployment, access, database, queues, payments, mail, stop, servers })
}

/// Limits the rates of the services to those that the deployment is configured to keep to.
fn limit_rates(deployment: &Deployment, payments: &Sandbox, mail: &MailCatcher) {
    if let Some(calls) = deployment.variable("AGORA_PAYMENT_GATEWAY_CALLS_PER_SECOND") {
        payments.set_rates(Rates { account: calls, endpoint: calls });
    }
    if let Some(emails) = deployment.variable("AGORA_EMAILS_PER_SECOND") {
        mail.limit_rate(emails);
    }
}

fn sandbox(state: Option<&Path>, key: &str, webhook: &str) -> Result<Sandbox, StartError> {
    match state {
        Some(folder) => Ok(Sandbox::persistent(&folder.join("payments.jsonl"), key, webhook)?),
        None => Ok(Sandbox::in_memory(key, webhook)),
    }
}

fn mail_catcher(state: Option<&Path>) -> Result<MailCatcher, StartError> {
    let Some(folder) = state else { return Ok(MailCatcher::in_memory()) };
    let folder = folder.join("mail");
    MailCatcher::persistent(&folder).map_err(|source| StartError::State { path: folder, source })
}

fn serve_router(listener: TcpListener, router: Router, stop: &CancellationToken, servers: &mut JoinSet<()>) {
    let stop = stop.clone();
    servers.spawn(async move {
        stop.run_until_cancelled(axum::serve(listener, router).into_future()).await;
    });
}

async fn host(
    builder: &mut StackBuilder,
    Services { deployment, access, .. }: &Services,
    addresses: Addresses,
    faults: &Faults,
    logs: &Logs,
) -> Result<Arc<dyn FunctionHost>, StartError> {
    let choice = std::mem::replace(&mut builder.host, HostChoice::Runtime);
    if let Some(folder) = &builder.state {
        write_environment(folder, deployment, addresses)
            .map_err(|source| StartError::State { path: folder.join("env"), source })?;
    }
    Ok(match choice {
        HostChoice::Custom(host) => host,
        HostChoice::Runtime => {
            let settings = RuntimeSettings {
                bin_dir: builder.bin_dir.clone(),
                instances: builder.instances,
                upstreams: upstreams(addresses),
                policies: access.clone(),
                faults: faults.clone(),
                tls: None,
                logs: logs.clone(),
            };
            Arc::new(RuntimeHost::new(&deployment.functions, settings))
        }
        HostChoice::Watch { workspace, port, search } => {
            let folder = builder.state.clone().unwrap_or_else(|| workspace.join(".local"));
            let env_file = write_environment(&folder, deployment, addresses)
                .and_then(fs::canonicalize)
                .map_err(|source| StartError::State { path: folder.join("env"), source })?;
            let functions = deployment.functions.iter().map(|function| function.stem.clone()).collect();
            let settings = WatchSettings { workspace, port, env_file, search, functions, logs: logs.clone() };
            Arc::new(WatchHost::start(settings).await?)
        }
    })
}

pub(super) fn write_environment(
    folder: &Path,
    deployment: &Deployment,
    addresses: Addresses,
) -> io::Result<std::path::PathBuf> {
    let environments = Environments::of(&deployment.functions, &addresses.endpoints());
    environments.write(folder, &std::env::current_exe()?)
}

fn upstreams(addresses: Addresses) -> Vec<Upstream> {
    let upstream = |service, address, variable, always| Upstream { service, address, variable, always };
    vec![
        upstream(Service::DynamoDb, addresses.dynamodb, "AWS_ENDPOINT_URL_DYNAMODB", true),
        upstream(Service::Sqs, addresses.sqs, "AWS_ENDPOINT_URL_SQS", true),
        upstream(Service::Ses, addresses.mail, "AWS_ENDPOINT_URL_SESV2", true),
        upstream(Service::Bedrock, addresses.bedrock, "AWS_ENDPOINT_URL_BEDROCK_RUNTIME", true),
        upstream(Service::Payments, addresses.payments, "AGORA_PAYMENT_GATEWAY_URL", false),
    ]
}

/// Starts the event sources of all functions.
fn start_event_sources(
    builder: &StackBuilder,
    services: &Services,
    invoker: &Invoker,
    stop: &CancellationToken,
    sources: &mut JoinSet<()>,
) -> Vec<Arc<StreamReader>> {
    let mut streams = Vec::new();
    for function in &services.deployment.functions {
        for mapping in &function.queues {
            let poller = QueuePoller {
                function: function.stem.clone(),
                mapping: mapping.clone(),
                queues: services.queues.clone(),
                invoker: invoker.clone(),
                stop: stop.clone(),
            };
            sources.spawn(poller.run());
        }
        for mapping in function.streams.iter().filter(|_| builder.streams) {
            let (database, state) = (services.database.clone(), builder.state.as_deref());
            let reader =
                StreamReader::new(&function.stem, mapping, database, invoker.clone(), stop.clone(), state);
            let reader = Arc::new(reader);
            sources.spawn(Arc::clone(&reader).run());
            streams.push(reader);
        }
        for schedule in function.schedules.iter().filter(|schedule| builder.schedules && schedule.enabled) {
            let runner = ScheduleRunner {
                function: function.stem.clone(),
                schedule: schedule.clone(),
                invoker: invoker.clone(),
                stop: stop.clone(),
            };
            sources.spawn(runner.run());
        }
    }
    streams
}

/// File with the saved messages.
pub(super) fn messages_file(state: &Path) -> PathBuf {
    state.join("messages.json")
}
