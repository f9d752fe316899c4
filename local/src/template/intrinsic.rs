//! Evaluates the intrinsic functions `Ref`, `Fn::GetAtt`, `Fn::Sub`, `Fn::Join`, `Fn::Select`, `Fn::Split`,
//! `Fn::If` and `Fn::FindInMap`.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::{Place, TemplateError, parameter::scalar, secret};
use crate::system::arn;

/// Everything that intrinsic functions can refer to.
pub(super) struct Resolver<'a> {
    pub(super) parameters: &'a BTreeMap<String, Value>,
    pub(super) resources: &'a Map<String, Value>,
    pub(super) conditions: &'a Map<String, Value>,
    pub(super) mappings: &'a Map<String, Value>,
    pub(super) queue_endpoint: &'a str,
}

impl Resolver<'_> {
    /// Replaces every intrinsic function in `value` with its result. `AWS::NoValue` removes the property.
    pub(super) fn resolve(&self, value: &Value, place: &mut Place) -> Result<Value, TemplateError> {
        match value {
            Value::Array(items) => {
                let mut list = Vec::with_capacity(items.len());
                for (at, item) in items.iter().enumerate() {
                    place.enter(at.to_string());
                    list.push(self.resolve(item, place)?);
                    place.leave();
                }
                list.retain(|item| !item.is_null());
                Ok(Value::Array(list))
            }
            Value::Object(map) => match function_of(map) {
                Some((name, argument)) => self.call(name, argument, place),
                None => self.resolve_map(map, place),
            },
            other => Ok(other.clone()),
        }
    }

    fn resolve_map(&self, map: &Map<String, Value>, place: &mut Place) -> Result<Value, TemplateError> {
        let mut resolved = Map::new();
        for (key, value) in map {
            place.enter(key.clone());
            let value = self.resolve(value, place)?;
            place.leave();
            if !value.is_null() {
                resolved.insert(key.clone(), value);
            }
        }
        Ok(Value::Object(resolved))
    }

    fn call(&self, name: &str, argument: &Value, place: &mut Place) -> Result<Value, TemplateError> {
        let list = argument.as_array().map_or(&[][..], Vec::as_slice);
        match (name, list) {
            ("Ref", _) => self.reference(argument, place),
            ("Fn::GetAtt", [resource, attribute]) => match (resource.as_str(), attribute.as_str()) {
                (Some(resource), Some(attribute)) => self.attribute(resource, attribute, place),
                _ => Err(invalid_arguments(place, "Fn::GetAtt", "a resource and an attribute")),
            },
            ("Fn::Sub", _) => self.substitute(argument, place),
            ("Fn::Join", [separator, items]) => self.join(separator, items, place),
            ("Fn::Select", [index, items]) => self.select(index, items, place),
            ("Fn::Split", [separator, text]) => self.split(separator, text, place),
            ("Fn::FindInMap", [map, first, second]) => self.find_in_map(map, first, second, place),
            ("Fn::If", [condition, then, otherwise]) => {
                let Some(condition) = condition.as_str() else {
                    return Err(invalid_arguments(place, "Fn::If", "the name of a condition"));
                };
                let branch = if self.condition(condition, place)? { then } else { otherwise };
                self.resolve(branch, place)
            }
            (name, _) => Err(TemplateError::UnknownIntrinsic { place: place.clone(), name: name.to_owned() }),
        }
    }

    fn reference(&self, argument: &Value, place: &mut Place) -> Result<Value, TemplateError> {
        let Some(name) = argument.as_str() else { return Err(invalid_arguments(place, "Ref", "a name")) };
        if let Some(value) = pseudo_parameter(name) {
            return Ok(value);
        }
        if let Some(value) = self.parameters.get(name) {
            return Ok(value.clone());
        }
        let unresolved = || TemplateError::Unresolved { place: place.clone(), name: name.to_owned() };
        let kind = self.kind(name).ok_or_else(unresolved)?;
        let physical = self.physical_name(name)?;
        Ok(Value::String(match kind {
            "AWS::SQS::Queue" => format!("{}/{}/{physical}", self.queue_endpoint, arn::ACCOUNT),
            _ => physical,
        }))
    }

    pub(super) fn attribute(
        &self,
        resource: &str,
        attribute: &str,
        place: &Place,
    ) -> Result<Value, TemplateError> {
        let Some(kind) = self.kind(resource) else {
            return Err(TemplateError::Unresolved { place: place.clone(), name: resource.to_owned() });
        };
        let name = self.physical_name(resource)?;
        let value = match (kind, attribute) {
            ("AWS::DynamoDB::Table", "Arn") => arn::table_arn(&name),
            ("AWS::DynamoDB::Table", "StreamArn") => arn::stream_arn(&name),
            ("AWS::SQS::Queue", "Arn") => arn::queue_arn(&name),
            ("AWS::SQS::Queue", "QueueName") => name,
            ("AWS::SQS::Queue", "QueueUrl") => {
                format!("{}/{}/{name}", self.queue_endpoint, arn::ACCOUNT)
            }
            ("AWS::Serverless::Function", "Arn") => arn::function_arn(&name),
            (_, "Arn") => format!("arn:aws:local:{}:{}:{name}", arn::REGION, arn::ACCOUNT),
            _ => {
                return Err(TemplateError::Attribute {
                    place: place.clone(),
                    resource: resource.to_owned(),
                    attribute: attribute.to_owned(),
                });
            }
        };
        Ok(Value::String(value))
    }

    /// Logical ids of all resources of a type.
    pub(super) fn of_kind(&self, kind: &str) -> impl Iterator<Item = &str> {
        self.resources.keys().map(String::as_str).filter(move |id| self.kind(id) == Some(kind))
    }

    /// Resolved properties of a resource.
    pub(super) fn properties(&self, resource: &str) -> Result<Value, TemplateError> {
        let raw = self.resources.get(resource).and_then(|resource| resource.get("Properties"));
        let empty = Value::Object(Map::new());
        self.resolve(raw.unwrap_or(&empty), &mut Place::resource(resource))
    }

    /// Type of a resource.
    pub(super) fn kind(&self, resource: &str) -> Option<&str> {
        self.resources.get(resource)?.get("Type")?.as_str()
    }

    /// Physical name of a resource: from the template, or derived from the logical id.
    pub(super) fn physical_name(&self, resource: &str) -> Result<String, TemplateError> {
        let property = match self.kind(resource) {
            Some("AWS::DynamoDB::Table") => "TableName",
            Some("AWS::SQS::Queue") => "QueueName",
            Some("AWS::Serverless::Function") => return Ok(arn::kebab(resource)),
            _ => return Ok(arn::physical(resource)),
        };
        let own = self.resources.get(resource).and_then(|value| value.get("Properties")?.get(property));
        let Some(own) = own else { return Ok(arn::physical(resource)) };
        let mut place = Place::resource(resource).child(property);
        let name = self.resolve(own, &mut place)?;
        scalar(&name).ok_or(TemplateError::Type { place, expected: "a string" })
    }

    fn substitute(&self, argument: &Value, place: &mut Place) -> Result<Value, TemplateError> {
        let (text, own) = match argument {
            Value::String(text) => (text.as_str(), None),
            Value::Array(pair) => match pair.as_slice() {
                [Value::String(text), Value::Object(own)] => (text.as_str(), Some(own)),
                _ => return Err(invalid_arguments(place, "Fn::Sub", "a string, or a string and a map")),
            },
            _ => return Err(invalid_arguments(place, "Fn::Sub", "a string, or a string and a map")),
        };
        let mut result = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(start) = rest.find("${") {
            result.push_str(&rest[..start]);
            let Some(length) = rest[start..].find('}') else {
                return Err(invalid_arguments(place, "Fn::Sub", "a `}` for each `${`"));
            };
            let name = &rest[start + 2..start + length];
            match name.strip_prefix('!') {
                Some(literal) => result.extend(["${", literal, "}"]),
                None => result.push_str(&self.variable(name, own, place)?),
            }
            rest = &rest[start + length + 1..];
        }
        result.push_str(rest);
        secret::resolve_reference(result, place).map(Value::String)
    }

    fn variable(
        &self,
        name: &str,
        own: Option<&Map<String, Value>>,
        place: &mut Place,
    ) -> Result<String, TemplateError> {
        let value = match (own.and_then(|own| own.get(name)), name.split_once('.')) {
            (Some(value), _) => self.resolve(value, place)?,
            (None, Some((resource, attribute))) => self.attribute(resource, attribute, place)?,
            (None, None) => self.reference(&Value::String(name.to_owned()), place)?,
        };
        scalar(&value).ok_or_else(|| invalid_arguments(place, "Fn::Sub", "scalars"))
    }

    fn join(&self, separator: &Value, items: &Value, place: &mut Place) -> Result<Value, TemplateError> {
        let items = self.resolve(items, place)?;
        let parts = items.as_array().and_then(|items| items.iter().map(scalar).collect::<Option<Vec<_>>>());
        match (separator.as_str(), parts) {
            (Some(separator), Some(parts)) => Ok(Value::String(parts.join(separator))),
            _ => Err(invalid_arguments(place, "Fn::Join", "a separator and a list of scalars")),
        }
    }

    fn select(&self, index: &Value, items: &Value, place: &mut Place) -> Result<Value, TemplateError> {
        let index = scalar(&self.resolve(index, place)?).and_then(|index| index.parse::<usize>().ok());
        let items = self.resolve(items, place)?;
        index
            .and_then(|index| items.as_array()?.get(index).cloned())
            .ok_or_else(|| invalid_arguments(place, "Fn::Select", "an index and a list that is long enough"))
    }

    fn split(&self, separator: &Value, text: &Value, place: &mut Place) -> Result<Value, TemplateError> {
        let text = scalar(&self.resolve(text, place)?);
        match (separator.as_str(), text) {
            (Some(separator), Some(text)) => Ok(text.split(separator).map(Value::from).collect()),
            _ => Err(invalid_arguments(place, "Fn::Split", "a separator and a string")),
        }
    }

    fn find_in_map(
        &self,
        map: &Value,
        first: &Value,
        second: &Value,
        place: &mut Place,
    ) -> Result<Value, TemplateError> {
        let mut key = |value| self.resolve(value, place).map(|value| scalar(&value).unwrap_or_default());
        let (map, first, second) = (key(map)?, key(first)?, key(second)?);
        let found = self.mappings.get(&map).and_then(|map| map.get(&first)?.get(&second));
        found.cloned().ok_or_else(|| TemplateError::Unresolved {
            place: place.clone(),
            name: format!("{map}.{first}.{second}"),
        })
    }
}

/// Name and argument of an intrinsic function, if the map is one.
fn function_of(map: &Map<String, Value>) -> Option<(&str, &Value)> {
    let (name, argument) = map.iter().next()?;
    let is_call = map.len() == 1 && (name == "Ref" || name.starts_with("Fn::"));
    is_call.then_some((name.as_str(), argument))
}

/// Value of a `CloudFormation` pseudo parameter, for those that apply to a local stack.
fn pseudo_parameter(name: &str) -> Option<Value> {
    Some(match name {
        "AWS::Region" => arn::REGION.into(),
        "AWS::AccountId" => arn::ACCOUNT.into(),
        "AWS::Partition" => "aws".into(),
        "AWS::StackName" => "agora".into(),
        "AWS::StackId" => {
            format!("arn:aws:cloudformation:{}:{}:stack/agora/local", arn::REGION, arn::ACCOUNT).into()
        }
        "AWS::URLSuffix" => "amazonaws.com".into(),
        "AWS::NoValue" => Value::Null,
        _ => return None,
    })
}

fn invalid_arguments(place: &Place, name: &'static str, expected: &'static str) -> TemplateError {
    TemplateError::Arguments { place: place.clone(), name, expected }
}
