//! ARNs and physical names of the local stack, and its region and account.

/// Region in every ARN, event and environment of the local stack.
pub const REGION: &str = "eu-central-1";

/// Account in every ARN of the local stack. The emulators use the same one.
pub const ACCOUNT: &str = "000000000000";

/// Converts a logical id to the stem shared by crate, binary and folder: `ApiAuth` becomes `api-auth`.
#[must_use]
pub fn kebab(logical_id: &str) -> String {
    let chars: Vec<char> = logical_id.chars().collect();
    let mut stem = String::with_capacity(chars.len() + 4);
    for (at, &char) in chars.iter().enumerate() {
        let after_lower = at > 0 && !chars[at - 1].is_uppercase();
        let before_lower = at > 0 && chars.get(at + 1).is_some_and(|next| next.is_lowercase());
        if char.is_uppercase() && (after_lower || before_lower) {
            stem.push('-');
        }
        stem.extend(char.to_lowercase());
    }
    stem
}

/// Physical name of a table or a queue without a name in the template.
#[must_use]
pub fn physical(logical_id: &str) -> String {
    format!("agora-{}", kebab(logical_id))
}

/// ARN of a function.
#[must_use]
pub fn function_arn(stem: &str) -> String {
    format!("arn:aws:lambda:{REGION}:{ACCOUNT}:function:{stem}")
}

/// ARN of a queue.
#[must_use]
pub fn queue_arn(name: &str) -> String {
    format!("arn:aws:sqs:{REGION}:{ACCOUNT}:{name}")
}

/// ARN of a table.
#[must_use]
pub fn table_arn(name: &str) -> String {
    format!("arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{name}")
}

/// ARN of a verified SES identity: an address or a domain.
#[must_use]
pub fn identity_arn(identity: &str) -> String {
    format!("arn:aws:ses:{REGION}:{ACCOUNT}:identity/{identity}")
}

/// ARN of a foundation model of Bedrock. It belongs to no account.
#[must_use]
pub fn foundation_model_arn(model: &str) -> String {
    format!("arn:aws:bedrock:{REGION}::foundation-model/{model}")
}

/// ARN of a table's stream. On AWS the label is the time at which the stream was enabled.
#[must_use]
pub fn stream_arn(name: &str) -> String {
    format!("{}/stream/2026-01-01T00:00:00.000", table_arn(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logical_id_is_converted_to_kebab_case() {
        assert_eq!(kebab("ApiAuth"), "api-auth");
        assert_eq!(kebab("QueueDeadLetters"), "queue-dead-letters");
        assert_eq!(kebab("Table"), "table");
        assert_eq!(kebab("SQSQueue"), "sqs-queue");
    }
}
