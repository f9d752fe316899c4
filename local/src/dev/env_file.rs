//! Environment variables of all functions, for `cargo lambda watch --env-file`.
//!
//! `cargo lambda watch` gives every function the same variables. Variables whose values differ between
//! functions therefore go to a second file. The first file configures this program as cargo's runner;
//! [`run_function`] adds the function's own variables and then executes the function.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    fs, io,
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::Command,
};

use crate::system::{arn, private_file};
use crate::template::Function;

/// Environment variable with the path of the second file, for the runner.
pub const OWN_VARIABLES: &str = "AGORA_LOCAL_OWN_VARIABLES";

/// Environment variable with the number of concurrent invocations per instance. `cargo lambda watch` sets it
/// to 1, and functions that find it log a warning when they start.
const MAX_CONCURRENCY: &str = "AWS_LAMBDA_MAX_CONCURRENCY";

/// Environment variables by name.
pub type Variables = BTreeMap<String, String>;

/// Environment variables of all functions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Environments {
    /// Variables that have the same value in every function that uses them.
    pub shared: Variables,
    /// Variables that differ between functions, by function stem.
    pub own: BTreeMap<String, Variables>,
}

impl Environments {
    /// Separates shared variables from those that differ between functions.
    #[must_use]
    pub fn of(functions: &[Function], endpoints: &Variables) -> Self {
        let mut shared = endpoints.clone();
        for (name, value) in [
            ("AWS_REGION", arn::REGION),
            ("AWS_ACCESS_KEY_ID", "local"),
            ("AWS_SECRET_ACCESS_KEY", "local"),
            ("AWS_SESSION_TOKEN", "local"),
        ] {
            shared.insert(name.to_owned(), value.to_owned());
        }
        let mut own: BTreeMap<String, Variables> = BTreeMap::new();
        for (name, value) in functions.iter().flat_map(|function| &function.environment) {
            let others = functions.iter().filter_map(|function| function.environment.get(name));
            if others.clone().all(|other| other == value) {
                shared.entry(name.clone()).or_insert_with(|| value.clone());
                continue;
            }
            for function in functions {
                if let Some(value) = function.environment.get(name) {
                    own.entry(function.stem.clone()).or_default().insert(name.clone(), value.clone());
                }
            }
        }
        Self { shared, own }
    }

    /// Writes the files to a folder, readable by their owner only, and returns the path of the first.
    ///
    /// # Errors
    /// Any error from writing the files.
    pub fn write(&self, folder: &Path, runner: &Path) -> io::Result<PathBuf> {
        let mut shared = self.shared.clone();
        if !self.own.is_empty() {
            let path = fs::canonicalize(folder)?.join("env.own.json");
            private_file::write(&path, &serde_json::to_vec_pretty(&self.own)?)?;
            shared.insert(OWN_VARIABLES.to_owned(), path.display().to_string());
            shared.insert(runner_variable(), format!("{} run-function", runner.display()));
        }
        let mut text = String::new();
        for (name, value) in &shared {
            // Single quotes, because the value of a key set is JSON and contains double quotes.
            let _ = writeln!(text, "{name}='{value}'");
        }
        let path = folder.join("env");
        private_file::write(&path, text.as_bytes())?;
        Ok(path)
    }
}

/// Cargo's variable that configures the runner of binaries for the host's target.
fn runner_variable() -> String {
    let target = format!("{}_unknown_linux_gnu", std::env::consts::ARCH).to_uppercase();
    format!("CARGO_TARGET_{target}_RUNNER")
}

/// Replaces this process with `binary`, with the function's own variables added. Returns only on failure.
///
/// # Errors
/// [`io::Error`] if the second file cannot be read, or the binary cannot be executed.
pub fn run_function(binary: &Path, arguments: &[String]) -> io::Error {
    let own = match std::env::var_os(OWN_VARIABLES).map(fs::read) {
        None => BTreeMap::new(),
        Some(Err(error)) => return error,
        Some(Ok(text)) => match serde_json::from_slice::<BTreeMap<String, Variables>>(&text) {
            Ok(own) => own,
            Err(error) => return error.into(),
        },
    };
    let stem = binary.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let own = own.get(&stem).into_iter().flatten();
    Command::new(binary).args(arguments).env_remove(MAX_CONCURRENCY).envs(own).exec()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::template::{Parameters, Template};

    #[test]
    fn a_variable_with_two_values_belongs_to_its_functions() {
        let text = "
Resources:
  QueueA:
    Type: AWS::Serverless::Function
    Properties: { Environment: { Variables: { SAME: x, QUEUE: a } } }
  QueueB:
    Type: AWS::Serverless::Function
    Properties: { Environment: { Variables: { SAME: x, QUEUE: b, ONLY: y } } }
";
        let deployment = Template::parse(text).unwrap().resolve(&Parameters::new(), "").unwrap();
        let environments = Environments::of(&deployment.functions, &Variables::new());
        assert_eq!(environments.shared["SAME"], "x");
        assert_eq!(environments.shared["ONLY"], "y");
        assert!(!environments.shared.contains_key("QUEUE"));
        assert_eq!(environments.own["queue-a"]["QUEUE"], "a");
        assert_eq!(environments.own["queue-b"]["QUEUE"], "b");
    }
}
