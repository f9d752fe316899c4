//! Process of an instance: environment, output and shutdown.

use std::{
    collections::BTreeMap,
    ffi::OsString,
    io,
    net::SocketAddr,
    path::PathBuf,
    process::{ExitStatus, Stdio},
    sync::Arc,
    time::Duration,
};

use tokio::{
    io::{AsyncBufReadExt, AsyncRead, BufReader},
    process::{Child, Command},
    task::JoinSet,
    time::Instant,
};
use tokio_util::sync::CancellationToken;

use super::{
    Upstream, api,
    instance::{Instance, ShutdownMode},
    pool::Pool,
};
use crate::faults::{Proxy, Tls};
use crate::services::lambda::{InvokeError, Phase, kill};
use crate::system::{arn, clock};
use crate::telemetry::logs::Logs;

/// Starts an instance in a task of its own.
pub(super) fn launch(pool: Arc<Pool>, instance: Arc<Instance>, stop: CancellationToken) {
    tokio::spawn(run(pool, instance, stop));
}

/// Runs an instance until its process has exited.
async fn run(pool: Arc<Pool>, instance: Arc<Instance>, stop: CancellationToken) {
    // Dropping the set at the end closes the instance's listeners.
    let mut servers = JoinSet::new();
    let function = pool.function.stem.clone();
    let path = pool.settings.bin_dir.join(&function);
    let child = match start(&pool, &instance, &path, &mut servers).await {
        Ok(child) => child,
        Err(source) => {
            pool.remove_instance(&instance, || InvokeError::Start {
                function: function.clone(),
                path: path.clone(),
                source: io::Error::new(source.kind(), source.to_string()),
            });
            instance.mark_exited();
            return;
        }
    };
    let status = supervise(child, &instance, &stop).await;
    let phase = if instance.is_ready() { Phase::Invoke } else { Phase::Init };
    let detail = instance.init_error().unwrap_or_else(|| match status {
        Ok(status) => status.to_string(),
        Err(error) => error.to_string(),
    });
    pool.remove_instance(&instance, || InvokeError::Crashed {
        function: function.clone(),
        phase,
        detail: detail.clone(),
    });
    // Last, so that the instance is no longer in the pool when the waiting tasks continue.
    instance.mark_exited();
}

async fn start(
    pool: &Arc<Pool>,
    instance: &Arc<Instance>,
    path: &PathBuf,
    servers: &mut JoinSet<()>,
) -> io::Result<Child> {
    let api = api::listen(Arc::clone(pool), Arc::clone(instance), servers).await?;
    let mut environment = environment(pool, instance, api);
    start_proxies(pool, instance, &mut environment, servers).await?;
    let mut command = Command::new(path);
    command
        .env_clear()
        .envs(environment)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        // In a group of its own, because Ctrl-C in a terminal signals the whole foreground group. The
        // functions are shut down by this process, after the event sources.
        .process_group(0)
        .kill_on_drop(true);
    let mut child = command.spawn()?;
    instance.set_process(child.id());
    let logs = &pool.settings.logs;
    if let Some(output) = child.stdout.take() {
        tokio::spawn(collect(output, Arc::clone(&instance.stem), logs.clone()));
    }
    if let Some(output) = child.stderr.take() {
        tokio::spawn(collect(output, Arc::clone(&instance.stem), logs.clone()));
    }
    Ok(child)
}

/// Starts a proxy between the instance and each service, and adds their URLs to the environment.
async fn start_proxies(
    pool: &Pool,
    instance: &Arc<Instance>,
    environment: &mut BTreeMap<String, OsString>,
    servers: &mut JoinSet<()>,
) -> io::Result<()> {
    let tls = pool.settings.tls.as_ref();
    for upstream in &pool.settings.upstreams {
        let address = proxy(pool, instance, upstream).listen(servers).await?;
        if upstream.always || environment.contains_key(upstream.variable) {
            let url = match tls {
                None => format!("http://{address}"),
                Some(_) => format!("https://{}:{}", Tls::host(), address.port()),
            };
            environment.insert(upstream.variable.to_owned(), url.into());
        }
    }
    if let Some(tls) = tls {
        environment.insert("SSL_CERT_FILE".to_owned(), tls.trusted().into());
        environment.insert("NODE_EXTRA_CA_CERTS".to_owned(), tls.certificate().into());
    }
    Ok(())
}

fn proxy(pool: &Pool, instance: &Arc<Instance>, upstream: &Upstream) -> Proxy {
    Proxy {
        function: Arc::clone(&instance.stem),
        instance: instance.id,
        service: upstream.service,
        upstream: upstream.address,
        policies: pool.settings.policies.clone(),
        faults: pool.settings.faults.clone(),
        client: pool.client.clone(),
        killable: Arc::clone(instance) as _,
        tls: pool.settings.tls.clone(),
    }
}

/// Environment of an instance: the variables of the template, and those that Lambda sets ("Using Lambda
/// environment variables" in the developer guide). Only `PATH` is inherited, so that functions do not depend
/// on the developer's machine.
fn environment(pool: &Pool, instance: &Instance, api: SocketAddr) -> BTreeMap<String, OsString> {
    let function = &pool.function;
    let mut environment: BTreeMap<String, OsString> =
        pool.environment().iter().map(|(name, value)| (name.clone(), value.into())).collect();
    let variables = [
        ("AWS_LAMBDA_RUNTIME_API", api.to_string()),
        ("AWS_LAMBDA_FUNCTION_NAME", function.stem.clone()),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", function.memory.to_string()),
        ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST".to_owned()),
        ("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand".to_owned()),
        ("AWS_LAMBDA_LOG_GROUP_NAME", format!("/aws/lambda/{}", function.stem)),
        ("AWS_LAMBDA_LOG_STREAM_NAME", format!("local/[$LATEST]{}", instance.id)),
        ("AWS_REGION", arn::REGION.to_owned()),
        ("AWS_DEFAULT_REGION", arn::REGION.to_owned()),
        ("AWS_ACCESS_KEY_ID", "local".to_owned()),
        ("AWS_SECRET_ACCESS_KEY", "local".to_owned()),
        ("AWS_SESSION_TOKEN", "local".to_owned()),
        ("TZ", ":UTC".to_owned()),
        ("_HANDLER", "bootstrap".to_owned()),
    ];
    environment.extend(variables.map(|(name, value)| (name.to_owned(), value.into())));
    if let Some(path) = std::env::var_os("PATH") {
        environment.insert("PATH".to_owned(), path);
    }
    environment
}

/// Waits until the process exits, and ends it when the instance is shut down or its deadline expires.
async fn supervise(
    mut child: Child,
    instance: &Instance,
    stop: &CancellationToken,
) -> io::Result<ExitStatus> {
    let mut deadline = instance.deadline();
    let mut stopping = false;
    loop {
        let until = *deadline.borrow_and_update();
        tokio::select! {
            status = child.wait() => return status,
            mode = instance.shutdown_mode() => match mode {
                ShutdownMode::Graceful => return terminate_gracefully(child, instance).await,
                ShutdownMode::Killed => break,
            },
            () = stop.cancelled(), if !stopping => {
                stopping = true;
                instance.begin_shutdown();
            }
            () = until_deadline(until) => {
                instance.time_out();
                break;
            }
            changed = deadline.changed() => if changed.is_err() { break },
        }
    }
    child.kill().await?;
    child.wait().await
}

/// Time for a process to exit after SIGTERM. It covers the end of the current invocation and the flush of
/// telemetry.
const SHUTDOWN_GRACE: Duration = Duration::from_secs(2);

/// Sends SIGTERM to the process, as Lambda does, and kills it after the grace period.
async fn terminate_gracefully(mut child: Child, instance: &Instance) -> io::Result<ExitStatus> {
    if let Some(id) = child.id() {
        kill::terminate(id);
    }
    tokio::select! {
        status = child.wait() => return status,
        () = instance.until_killed() => {}
        () = clock::sleep(SHUTDOWN_GRACE) => {}
    }
    child.kill().await?;
    child.wait().await
}

async fn until_deadline(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => tokio::time::sleep_until(deadline).await,
        None => std::future::pending().await,
    }
}

async fn collect(output: impl AsyncRead + Unpin, stem: Arc<str>, logs: Logs) {
    let mut lines = BufReader::new(output).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        logs.record(&stem, line);
    }
}
