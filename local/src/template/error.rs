//! What can be wrong with a template, and where.

use std::{fmt, io};

/// A position in the template: a resource and the path of a property in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    steps: Vec<String>,
}

impl Place {
    /// The whole document.
    #[must_use]
    pub fn document() -> Self {
        Self { steps: Vec::new() }
    }

    /// A resource or a section.
    #[must_use]
    pub fn resource(name: &str) -> Self {
        Self { steps: vec![name.to_owned()] }
    }

    /// The same position, one step deeper.
    #[must_use]
    pub fn child(&self, step: &str) -> Self {
        let mut place = self.clone();
        place.steps.push(step.to_owned());
        place
    }

    pub(super) fn enter(&mut self, step: impl Into<String>) {
        self.steps.push(step.into());
    }

    pub(super) fn leave(&mut self) {
        self.steps.pop();
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.steps.is_empty() {
            return f.write_str("the template");
        }
        f.write_str(&self.steps.join("."))
    }
}

/// Why a template cannot be run.
#[derive(Debug, thiserror::Error)]
pub enum TemplateError {
    /// The file cannot be read.
    #[error("cannot be read: {0}")]
    Read(io::Error),
    /// The text is no YAML.
    #[error("not valid YAML: {0}")]
    Yaml(#[from] serde_yaml_ng::Error),
    /// There is nothing to run.
    #[error("the template has no `Resources`")]
    NoResources,
    /// A YAML tag that is no intrinsic function.
    #[error("{place}: the tag `!{tag}` is not supported")]
    UnknownTag {
        /// Where it stands.
        place: Place,
        /// The tag without its mark.
        tag: String,
    },
    /// An intrinsic function that this reader does not compute.
    #[error("{place}: the intrinsic function `{name}` is not supported")]
    UnknownIntrinsic {
        /// Where it stands.
        place: Place,
        /// Its long name.
        name: String,
    },
    /// An intrinsic function was given something it cannot work with.
    #[error("{place}: `{name}` takes {expected}")]
    Arguments {
        /// Where it stands.
        place: Place,
        /// The function's long name.
        name: &'static str,
        /// What it takes.
        expected: &'static str,
    },
    /// A reference to something that the template does not have.
    #[error("{place}: `{name}` is no parameter and no resource of this template")]
    Unresolved {
        /// Where it stands.
        place: Place,
        /// What was referred to.
        name: String,
    },
    /// An attribute that the resource does not have here.
    #[error("{place}: `{resource}` has no attribute `{attribute}` that the local stack knows")]
    Attribute {
        /// Where it stands.
        place: Place,
        /// The resource.
        resource: String,
        /// The attribute.
        attribute: String,
    },
    /// A parameter without a default was not given.
    #[error("the parameter `{0}` has no default and was not given")]
    MissingParameter(String),
    /// A value was given for a parameter that the template does not declare.
    #[error("the template declares no parameter `{0}`")]
    UnknownParameter(String),
    /// A parameter's value breaks one of its rules.
    #[error("the parameter `{name}` breaks its rule `{rule}`")]
    InvalidParameter {
        /// The parameter.
        name: String,
        /// The rule: `AllowedValues`, `MinLength`, …
        rule: &'static str,
    },
    /// A property that is needed is absent.
    #[error("{place} is missing")]
    Missing {
        /// The property.
        place: Place,
    },
    /// A property has another type.
    #[error("{place} must be {expected}")]
    Type {
        /// The property.
        place: Place,
        /// What it must be.
        expected: &'static str,
    },
    /// Correct on AWS, but not something that the local stack can do; running without it would be a lie.
    #[error("{place}: the local stack does not support {what}")]
    Unsupported {
        /// Where it stands.
        place: Place,
        /// What is not supported.
        what: String,
    },
}
