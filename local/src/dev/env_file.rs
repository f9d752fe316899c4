//! The environment of all functions in one file, for `cargo lambda watch --env-file`.
//!
//! That tool gives every function the same variables. A variable that two functions have with different values
//! therefore goes into a second file, and the first one names this program as cargo's runner, which adds a function's
//! own values before it becomes the function: see [`run_function`].

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

/// Names the second file to the runner.
pub const OWN_VARIABLES: &str = "AGORA_LOCAL_OWN_VARIABLES";

/// Variables of one function, or of all.
pub type Variables = BTreeMap<String, String>;

/// The variables of all functions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Environments {
    /// What all functions can share.
    pub shared: Variables,
    /// By stem: what a function has with a value of its own.
    pub own: BTreeMap<String, Variables>,
}

impl Environments {
    /// Separates what functions share from what they do not.
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

    /// Writes the files into a folder and returns the path of the first. Only the owner may read them.
    ///
    /// # Errors
    /// Whatever writing fails with.
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
            // Single quotes: a key set is JSON and has double ones.
            let _ = writeln!(text, "{name}='{value}'");
        }
        let path = folder.join("env");
        private_file::write(&path, text.as_bytes())?;
        Ok(path)
    }
}

/// Cargo's variable for the program that runs binaries of this machine's target.
fn runner_variable() -> String {
    let target = format!("{}_unknown_linux_gnu", std::env::consts::ARCH).to_uppercase();
    format!("CARGO_TARGET_{target}_RUNNER")
}

/// Becomes the function: runs `binary` with the variables that are its own. Returns only if that fails.
///
/// # Errors
/// The second file cannot be read, or the binary cannot be run.
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
    Command::new(binary).args(arguments).envs(own.get(&stem).into_iter().flatten()).exec()
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
