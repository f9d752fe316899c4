//! Reads `template.yaml`, the single description of the deployment, into the [`Deployment`] that this crate runs.
//!
//! Reading has two steps. [`Template::parse`] turns YAML with `CloudFormation`'s short tags into plain values;
//! [`Template::resolve`] computes parameters, `Globals` and intrinsic functions and checks the types, because queue
//! URLs and gateway addresses are only known once ports are bound.

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
    Cors, Deployment, Function, Grant, Queue, QueueMapping, Redrive, Route, Schedule, ScheduleKind,
    StartingPosition, StreamMapping, Table, Throttle,
};

use intrinsic::Resolver;

/// Values for the template's parameters, by name.
pub type Parameters = BTreeMap<String, String>;

/// A template that has been read but not resolved.
#[derive(Clone, Debug)]
pub struct Template {
    document: Map<String, Value>,
}

impl Template {
    /// Reads a template from a file.
    ///
    /// # Errors
    /// [`TemplateError::Read`] if the file cannot be read, and whatever [`Template::parse`] refuses.
    pub fn read(path: &Path) -> Result<Self, TemplateError> {
        Self::parse(&fs::read_to_string(path).map_err(TemplateError::Read)?)
    }

    /// Reads a template from its text.
    ///
    /// # Errors
    /// [`TemplateError::Yaml`] if it is no YAML, [`TemplateError::UnknownTag`] for a tag that `CloudFormation` does not
    /// have or this reader does not know.
    pub fn parse(text: &str) -> Result<Self, TemplateError> {
        let mut value: serde_yaml_ng::Value = serde_yaml_ng::from_str(text)?;
        value.apply_merge()?;
        match yaml::plain(value, &mut Place::document())? {
            Value::Object(document) => Ok(Self { document }),
            _ => Err(TemplateError::Type { place: Place::document(), expected: "a map" }),
        }
    }

    /// The default of a number parameter.
    #[must_use]
    pub fn default_number(&self, parameter: &str) -> Option<u64> {
        self.section("Parameters")?.get(parameter)?.get("Default")?.as_u64()
    }

    /// Whether the template declares this parameter.
    #[must_use]
    pub fn declares(&self, parameter: &str) -> bool {
        self.section("Parameters").is_some_and(|parameters| parameters.contains_key(parameter))
    }

    /// Names of the parameters that hold the name of a secret: those that a reference to Secrets Manager names. Those with a
    /// default are not needed.
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

    /// A section as it is written, with the long forms of intrinsic functions; for those who check what is not run here.
    #[must_use]
    pub fn written(&self, section: &str) -> Option<&Map<String, Value>> {
        self.section(section)
    }

    /// Computes the deployment: parameters, intrinsic functions, `Globals`, and the types of what this crate runs.
    ///
    /// `queue_endpoint` is the base URL of the local SQS; queue URLs start with it.
    ///
    /// # Errors
    /// The first thing that is wrong with the template, with the resource and the property where it stands.
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
