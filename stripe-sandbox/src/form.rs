//! Form-encoded parameters with Stripe's nesting: `metadata[order_id]=…`, `expand[]=…`.
//!
//! Parameters are removed as they are read. Parameters that remain are unknown and rejected.

use std::collections::BTreeMap;

use super::error::StripeError;

/// Parameters of a request, in their original order.
#[derive(Clone, Debug, Default)]
pub(super) struct Form {
    fields: Vec<(String, String)>,
}

impl Form {
    pub(super) fn parse(encoded: &str) -> Result<Self, StripeError> {
        let pairs = encoded.split('&').filter(|pair| !pair.is_empty());
        let fields = pairs.map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            Ok((decode(name)?, decode(value)?))
        });
        Ok(Self { fields: fields.collect::<Result<_, StripeError>>()? })
    }

    /// Fingerprint of the parameters, independent of their order. An idempotency key is bound to it.
    pub(super) fn fingerprint(&self) -> String {
        let mut sorted: Vec<_> = self.fields.iter().collect();
        sorted.sort_by_key(|(name, _)| name);
        format!("{sorted:?}")
    }

    /// String parameter. The last value wins if the name is repeated, as at Stripe.
    pub(super) fn text(&mut self, name: &str) -> Result<Option<String>, StripeError> {
        let value = self.take(|field| field == name).pop().map(|(_, value)| value);
        match value {
            Some(value) if value.is_empty() => Err(empty(name)),
            value => Ok(value),
        }
    }

    /// Value of a parameter, which stays in the form.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.fields.iter().rfind(|(field, _)| field == name).map(|(_, value)| value.as_str())
    }

    pub(super) fn required(&mut self, name: &str) -> Result<String, StripeError> {
        self.text(name)?.ok_or_else(|| StripeError::missing_param(name))
    }

    /// Integer parameter.
    pub(super) fn integer(&mut self, name: &str) -> Result<Option<i64>, StripeError> {
        let Some(value) = self.text(name)? else { return Ok(None) };
        let number = value.parse().map_err(|_| {
            StripeError::invalid(format!("Invalid integer: {value}"))
                .code("parameter_invalid_integer")
                .param(name)
        });
        number.map(Some)
    }

    pub(super) fn boolean(&mut self, name: &str) -> Result<Option<bool>, StripeError> {
        match self.text(name)?.as_deref() {
            None => Ok(None),
            Some("true") => Ok(Some(true)),
            Some("false") => Ok(Some(false)),
            Some(value) => Err(StripeError::invalid(format!("Invalid boolean: {value}")).param(name)),
        }
    }

    /// String parameter that must be one of `choices`.
    pub(super) fn choice(&mut self, name: &str, choices: &[&str]) -> Result<Option<String>, StripeError> {
        match self.text(name)? {
            Some(value) if !choices.contains(&value.as_str()) => {
                let message = format!("Invalid {name}: must be one of {}", choices.join(", "));
                Err(StripeError::invalid(message).param(name))
            }
            value => Ok(value),
        }
    }

    /// Members of `name[…]`. Members with an empty value are omitted.
    pub(super) fn map(&mut self, name: &str) -> BTreeMap<String, String> {
        let fields = self.take(|field| member_of(field, name).is_some());
        let members = fields.into_iter().filter(|(_, value)| !value.is_empty());
        members.filter_map(|(field, value)| Some((member_of(&field, name)?.to_owned(), value))).collect()
    }

    /// Items of `name[]` or `name[0]`.
    pub(super) fn list(&mut self, name: &str) -> Vec<String> {
        self.take(|field| member_of(field, name).is_some()).into_iter().map(|(_, value)| value).collect()
    }

    /// Removes parameters that Stripe supports and the sandbox ignores.
    pub(super) fn ignore_parameters(&mut self, names: &[&str]) {
        self.take(|field| names.contains(&field.split('[').next().unwrap_or(field)));
    }

    /// Rejects remaining parameters.
    pub(super) fn finish(self) -> Result<(), StripeError> {
        match self.fields.first() {
            None => Ok(()),
            Some((name, _)) => Err(StripeError::invalid(format!("Received unknown parameter: {name}"))
                .code("parameter_unknown")
                .param(name)),
        }
    }

    fn take(&mut self, matches: impl Fn(&str) -> bool) -> Vec<(String, String)> {
        self.fields.extract_if(.., |(name, _)| matches(name)).collect()
    }
}

impl FromIterator<(String, String)> for Form {
    fn from_iter<I: IntoIterator<Item = (String, String)>>(fields: I) -> Self {
        Self { fields: fields.into_iter().collect() }
    }
}

fn member_of<'a>(field: &'a str, name: &str) -> Option<&'a str> {
    field.strip_prefix(name)?.strip_prefix('[')?.strip_suffix(']')
}

fn empty(name: &str) -> StripeError {
    let message = format!(
        "You passed an empty string for '{name}'. We assume empty values are an attempt to unset a field; however \
         '{name}' cannot be unset. You should remove '{name}' from your request or supply a non-empty value."
    );
    StripeError::invalid(message).code("parameter_invalid_empty").param(name)
}

/// Decodes `application/x-www-form-urlencoded` (<https://url.spec.whatwg.org/#urlencoded-parsing>).
fn decode(encoded: &str) -> Result<String, StripeError> {
    let malformed = || StripeError::invalid("Invalid request (the parameters are not valid form encoding).");
    let mut bytes = encoded.bytes();
    let mut decoded = Vec::with_capacity(encoded.len());
    while let Some(byte) = bytes.next() {
        decoded.push(match byte {
            b'+' => b' ',
            b'%' => {
                let (high, low) = (bytes.next().and_then(hex_digit), bytes.next().and_then(hex_digit));
                high.zip(low).map(|(high, low)| high * 16 + low).ok_or_else(malformed)?
            }
            other => other,
        });
    }
    String::from_utf8(decoded).map_err(|_| malformed())
}

fn hex_digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nested_members_and_lists_are_read_by_name() {
        let mut form =
            Form::parse("metadata[order_id]=ord_1&metadata%5Bnote%5D=a+b%21&expand[]=x&expand[0]=y").unwrap();
        let metadata = form.map("metadata");
        assert_eq!(metadata["order_id"], "ord_1");
        assert_eq!(metadata["note"], "a b!");
        assert_eq!(form.list("expand"), ["x", "y"]);
        form.finish().unwrap();
    }

    #[test]
    fn remaining_parameter_is_refused_as_unknown() {
        let mut form = Form::parse("amount=1&amont=2").unwrap();
        form.integer("amount").unwrap();
        let error = form.finish().unwrap_err().body();
        assert_eq!(error["error"]["code"], "parameter_unknown");
        assert_eq!(error["error"]["param"], "amont");
    }

    #[test]
    fn empty_value_invalid_number_and_escape_are_refused() {
        assert!(Form::parse("a=%zz").is_err());
        assert!(Form::parse("a=%ff").is_err());
        let code =
            |encoded| Form::parse(encoded).unwrap().integer("a").unwrap_err().body()["error"]["code"].clone();
        assert_eq!(code("a="), "parameter_invalid_empty");
        assert_eq!(code("a=1.5"), "parameter_invalid_integer");
    }

    #[test]
    fn fingerprint_is_independent_of_parameter_order() {
        let fingerprint = |encoded| Form::parse(encoded).unwrap().fingerprint();
        assert_eq!(fingerprint("a=1&b=2"), fingerprint("b=2&a=1"));
        assert_ne!(fingerprint("a=1&b=2"), fingerprint("a=1&b=3"));
    }
}
