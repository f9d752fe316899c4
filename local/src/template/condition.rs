//! `Conditions` of the template and their intrinsic functions.

use serde_json::Value;

use super::{Place, TemplateError, intrinsic::Resolver};

impl Resolver<'_> {
    /// Evaluates a named condition.
    pub(super) fn condition(&self, name: &str, place: &mut Place) -> Result<bool, TemplateError> {
        let Some(condition) = self.conditions.get(name) else {
            return Err(TemplateError::Unresolved { place: place.clone(), name: name.to_owned() });
        };
        self.evaluate(condition, place)
    }

    fn evaluate(&self, condition: &Value, place: &mut Place) -> Result<bool, TemplateError> {
        let arguments = |name, expected| TemplateError::Arguments { place: place.clone(), name, expected };
        let Some((function, inner)) = condition.as_object().and_then(|map| map.iter().next()) else {
            return Err(arguments("Conditions", "an intrinsic function"));
        };
        let list = inner.as_array().map_or(&[][..], Vec::as_slice);
        match (function.as_str(), list) {
            ("Condition", _) => match inner.as_str() {
                Some(name) => self.condition(name, place),
                None => Err(arguments("Condition", "the name of a condition")),
            },
            ("Fn::Equals", [left, right]) => Ok(self.resolve(left, place)?.eq(&self.resolve(right, place)?)),
            ("Fn::Not", [inner]) => Ok(!self.evaluate(inner, place)?),
            ("Fn::And", all) => {
                all.iter().try_fold(true, |result, next| Ok(self.evaluate(next, place)? && result))
            }
            ("Fn::Or", all) => {
                all.iter().try_fold(false, |result, next| Ok(self.evaluate(next, place)? || result))
            }
            (name, _) => Err(TemplateError::UnknownIntrinsic { place: place.clone(), name: name.to_owned() }),
        }
    }
}
