//! Errors in a template, with their place.

use std::{fmt, io};

/// Place in the template: a resource and the path of a property in it.
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

    /// The place of a property or an entry at this place.
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

/// A template cannot be read or resolved.
#[derive(Debug, thiserror::Error)]
pub enum TemplateError {
    /// The file cannot be read.
    #[error("cannot read the template: {0}")]
    Read(io::Error),
    /// The text is not YAML.
    #[error("not valid YAML: {0}")]
    Yaml(#[from] serde_yaml_ng::Error),
    /// The template has no resources.
    #[error("the template has no `Resources`")]
    NoResources,
    /// A YAML tag is not a supported intrinsic function.
    #[error("{place}: the tag `!{tag}` is not supported")]
    UnknownTag {
        /// Place of the error.
        place: Place,
        /// Tag without the exclamation mark.
        tag: String,
    },
    /// An intrinsic function is not supported.
    #[error("{place}: the intrinsic function `{name}` is not supported")]
    UnknownIntrinsic {
        /// Place of the error.
        place: Place,
        /// Long name of the function.
        name: String,
    },
    /// An intrinsic function has invalid arguments.
    #[error("{place}: `{name}` expects {expected}")]
    Arguments {
        /// Place of the error.
        place: Place,
        /// Long name of the function.
        name: &'static str,
        /// Expected arguments.
        expected: &'static str,
    },
    /// A reference is not defined in the template.
    #[error("{place}: `{name}` is not a parameter or resource of this template")]
    Unresolved {
        /// Place of the error.
        place: Place,
        /// Name in the reference.
        name: String,
    },
    /// The attribute of a resource is not supported.
    #[error("{place}: `{resource}` has no attribute `{attribute}` that the local stack supports")]
    Attribute {
        /// Place of the error.
        place: Place,
        /// Logical id of the resource.
        resource: String,
        /// Attribute name.
        attribute: String,
    },
    /// A parameter without a default has no value.
    #[error("the parameter `{0}` has no default and no value")]
    MissingParameter(String),
    /// A value refers to a parameter that the template does not declare.
    #[error("the template declares no parameter `{0}`")]
    UnknownParameter(String),
    /// The value of a parameter violates one of its constraints.
    #[error("the parameter `{name}` violates its constraint `{rule}`")]
    InvalidParameter {
        /// Name of the parameter.
        name: String,
        /// Constraint: `AllowedValues`, `MinLength`, …
        rule: &'static str,
    },
    /// A required property is missing.
    #[error("{place} is missing")]
    Missing {
        /// Place of the property.
        place: Place,
    },
    /// A property has the wrong type.
    #[error("{place} must be {expected}")]
    Type {
        /// Place of the property.
        place: Place,
        /// Expected type.
        expected: &'static str,
    },
    /// The property is valid on AWS, but the local stack does not support it.
    #[error("{place}: the local stack does not support {what}")]
    Unsupported {
        /// Place of the error.
        place: Place,
        /// Unsupported feature.
        what: String,
    },
}
