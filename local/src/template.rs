//! Reads `template.yaml`, the SAM template of the deployment, into the [`Deployment`] that this crate runs.
//!
//! Reading has two steps. [`Template::parse`] converts YAML with `CloudFormation`'s short tags to plain
//! values. [`Template::resolve`] computes parameters, `Globals` and intrinsic functions and checks types. The
//! steps are separate because queue URLs and endpoints are known only after ports are bound.

mod condition;
mod error;
mod event;
mod function;
mod grant;
mod intrinsic;
mod lambda_service_grants;
mod model;
mod parameter;
mod props;
mod resource;
mod secret;
mod yaml;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use serde_json::{Map, Value};

pub use error::{Place, TemplateError};
pub use model::{
    Cors, Deployment, Function, IamGrant, Queue, QueueMapping, Redrive, Route, Schedule, ScheduleKind,
    StartingPosition, StreamMapping, Table, Throttle,
};

use intrinsic::Resolver;

/// Values of the template's parameters, by name.
pub type Parameters = BTreeMap<String, String>;

/// Parsed template whose parameters and intrinsic functions are not resolved yet.
#[derive(Clone, Debug)]
pub struct Template {
    document: Map<String, Value>,
}

impl Template {
    /// Reads a template from a file.
    ///
    /// # Errors
    /// [`TemplateError::Read`] if the file cannot be read, or an error of [`Template::parse`].
    pub fn read(path: &Path) -> Result<Self, TemplateError> {
        Self::parse(&fs::read_to_string(path).map_err(TemplateError::Read)?)
    }

    /// Parses the text of a template.
    ///
    /// # Errors
    /// [`TemplateError::Yaml`] if the text is not YAML, [`TemplateError::UnknownTag`] for a tag that this
    /// crate does not support.
    pub fn parse(text: &str) -> Result<Self, TemplateError> {
        let mut value: serde_yaml_ng::Value = serde_yaml_ng::from_str(text)?;
        value.apply_merge()?;
        match yaml::plain(value, &mut Place::document())? {
            Value::Object(document) => Ok(Self { document }),
            _ => Err(TemplateError::Type { place: Place::document(), expected: "a map" }),
        }
    }

    /// Default of a number parameter.
    #[must_use]
    pub fn default_number(&self, parameter: &str) -> Option<u64> {
        self.section("Parameters")?.get(parameter)?.get("Default")?.as_u64()
    }

    /// Returns true if the template declares this parameter.
    #[must_use]
    pub fn declares(&self, parameter: &str) -> bool {
        self.section("Parameters").is_some_and(|parameters| parameters.contains_key(parameter))
    }

    /// Parameters that contain the name of a secret, because a Secrets Manager reference uses them.
    /// Parameters with a default are excluded.
    #[must_use]
    pub fn secret_parameters(&self) -> Vec<String> {
        let needed = |name: &String| {
            let declaration = self.section("Parameters").and_then(|parameters| parameters.get(name));
            declaration.is_some_and(|declaration| declaration.get("Default").is_none())
        };
        let sections = ["Globals", "Resources"].iter().filter_map(|section| self.document.get(*section));
        let named: BTreeSet<String> = sections.flat_map(secret::parameters).collect();
        named.into_iter().filter(needed).collect()
    }

    /// Development values of the parameters that have no default. Without a default, no deployment gets these
    /// values by mistake.
    #[must_use]
    pub fn development_parameters(&self) -> Parameters {
        let values = [
            ("AppUrl", "http://localhost:3000"),
            ("CorsOrigin", "http://localhost:3000"),
            ("EmailSender", "no-reply@agora.example"),
            ("Stage", "local"),
        ];
        let declared = values.into_iter().filter(|(name, _)| self.declares(name));
        declared.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
    }

    /// Unresolved section, with the long forms of intrinsic functions. For tests that check parts of the
    /// template that this crate does not run.
    #[must_use]
    pub fn written(&self, section: &str) -> Option<&Map<String, Value>> {
        self.section(section)
    }

    /// Resolves parameters, intrinsic functions and `Globals`, and checks the types of the resources that
    /// this crate runs.
    ///
    /// `queue_endpoint` is the base URL of the local SQS. Queue URLs start with it.
    ///
    /// # Errors
    /// [`TemplateError`] for the first error in the template, with its resource and property.
    pub fn resolve(&self, given: &Parameters, queue_endpoint: &str) -> Result<Deployment, TemplateError> {
        let empty = Map::new();
        let parameters = parameter::resolve(self.section("Parameters").unwrap_or(&empty), given)?;
        let resources = self.section("Resources").ok_or(TemplateError::NoResources)?;
        let resolver = Resolver {
            parameters: &parameters,
            resources,
            conditions: self.section("Conditions").unwrap_or(&empty),
            mappings: self.section("Mappings").unwrap_or(&empty),
            queue_endpoint,
        };
        let globals = match self.section("Globals") {
            Some(globals) => {
                resolver.resolve(&Value::Object(globals.clone()), &mut Place::resource("Globals"))?
            }
            None => Value::Null,
        };
        resource::read_all(&resolver, &globals)
    }

    fn section(&self, name: &str) -> Option<&Map<String, Value>> {
        self.document.get(name)?.as_object()
    }
}

#[cfg(test)]
mod tests;
