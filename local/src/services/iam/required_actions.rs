//! IAM actions and resources that each API call requires, after the "Service Authorization Reference" of
//! DynamoDB, SQS, SES and Bedrock, for the operations that functions use.

use percent_encoding::percent_decode_str;
use serde_json::Value;

use crate::faults::Service;
use crate::system::arn;
use crate::template::IamGrant;

/// Action, with alternative resources. A grant on one of them is required.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RequiredAction {
    pub(crate) action: String,
    pub(crate) resources: Vec<String>,
}

impl RequiredAction {
    fn single(action: impl Into<String>, resource: String) -> Self {
        Self { action: action.into(), resources: vec![resource] }
    }

    pub(super) fn grants(&self) -> impl Iterator<Item = IamGrant> {
        self.resources
            .iter()
            .map(|resource| IamGrant { action: self.action.clone(), resource: resource.clone() })
    }
}

/// Actions that a call requires. None for services that do not belong to AWS.
pub(crate) fn actions_for(service: Service, operation: &str, body: &Value) -> Vec<RequiredAction> {
    match service {
        Service::DynamoDb => dynamodb_actions(operation, body),
        Service::Sqs => sqs_actions(operation, body),
        Service::Ses => ses_actions(body),
        Service::Bedrock => bedrock_actions(operation),
        Service::Payments => Vec::new(),
    }
}

/// A batch requires its action on each table, a transaction the action of each item, a query the index it
/// reads.
fn dynamodb_actions(operation: &str, body: &Value) -> Vec<RequiredAction> {
    if let Some(tables) = body["RequestItems"].as_object() {
        let action = format!("dynamodb:{operation}");
        return tables
            .keys()
            .map(|table| RequiredAction::single(action.clone(), arn::table_arn(table)))
            .collect();
    }
    if let Some(items) = body["TransactItems"].as_array() {
        return items.iter().filter_map(transaction_item_action).collect();
    }
    let Some(table) = body["TableName"].as_str() else { return Vec::new() };
    let arn = arn::table_arn(table);
    let arn = body["IndexName"].as_str().map_or(arn.clone(), |index| format!("{arn}/index/{index}"));
    vec![RequiredAction::single(format!("dynamodb:{operation}"), arn)]
}

/// Action of a transaction item: `{"Put": {"TableName": …}}` requires `PutItem`, and so on.
fn transaction_item_action(item: &Value) -> Option<RequiredAction> {
    let (kind, item) = item.as_object()?.iter().next()?;
    let action =
        if kind == "ConditionCheck" { "ConditionCheckItem".to_owned() } else { format!("{kind}Item") };
    Some(RequiredAction::single(format!("dynamodb:{action}"), arn::table_arn(item["TableName"].as_str()?)))
}

/// Batch operations require the action of the single operation.
fn sqs_actions(operation: &str, body: &Value) -> Vec<RequiredAction> {
    let action = operation.strip_suffix("Batch").unwrap_or(operation);
    let name = body["QueueUrl"].as_str().and_then(|url| url.rsplit('/').next());
    name.map(|name| RequiredAction::single(format!("sqs:{action}"), arn::queue_arn(name)))
        .into_iter()
        .collect()
}

/// The resource is the model that the path names.
fn bedrock_actions(operation: &str) -> Vec<RequiredAction> {
    let model = operation.strip_prefix("POST /model/").and_then(|path| path.strip_suffix("/invoke"));
    let model = model.map(|model| percent_decode_str(model).decode_utf8_lossy().into_owned());
    let arn = model.map(|model| arn::foundation_model_arn(&model));
    arn.map(|arn| RequiredAction::single("bedrock:InvokeModel", arn)).into_iter().collect()
}

/// The resource is the verified identity of the sender: the address or its domain.
fn ses_actions(body: &Value) -> Vec<RequiredAction> {
    let Some(sender) = body["FromEmailAddress"].as_str() else { return Vec::new() };
    let domain = sender.rsplit('@').next().unwrap_or(sender);
    let resources = [sender, domain].map(arn::identity_arn).to_vec();
    vec![RequiredAction { action: "ses:SendEmail".to_owned(), resources }]
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn required_pairs(service: Service, operation: &str, body: &Value) -> Vec<(String, String)> {
        let grants = actions_for(service, operation, body)
            .into_iter()
            .flat_map(|required| required.grants().collect::<Vec<_>>());
        grants
            .map(|grant| (grant.action, grant.resource.rsplit(':').next().unwrap_or_default().to_owned()))
            .collect()
    }

    fn pair(action: &str, resource: &str) -> (String, String) {
        (action.to_owned(), resource.to_owned())
    }

    #[test]
    fn transaction_requires_the_action_of_each_item() {
        let item = json!({ "TableName": "t" });
        let body =
            json!({ "TransactItems": [{ "Put": item }, { "ConditionCheck": item }, { "Update": item }] });
        let expected = ["PutItem", "ConditionCheckItem", "UpdateItem"]
            .map(|action| pair(&format!("dynamodb:{action}"), "table/t"));
        assert_eq!(required_pairs(Service::DynamoDb, "TransactWriteItems", &body), expected);
    }

    #[test]
    fn query_requires_its_index_and_batch_its_tables() {
        let query = json!({ "TableName": "t", "IndexName": "due" });
        assert_eq!(
            required_pairs(Service::DynamoDb, "Query", &query),
            [pair("dynamodb:Query", "table/t/index/due")]
        );
        let batch = json!({ "RequestItems": { "t": {} } });
        assert_eq!(
            required_pairs(Service::DynamoDb, "BatchGetItem", &batch),
            [pair("dynamodb:BatchGetItem", "table/t")]
        );
    }

    #[test]
    fn message_batch_and_email_require_send_actions() {
        let body = json!({ "QueueUrl": "http://127.0.0.1:1/000000000000/q" });
        assert_eq!(required_pairs(Service::Sqs, "SendMessageBatch", &body), [pair("sqs:SendMessage", "q")]);
        let body = json!({ "FromEmailAddress": "a@b.example" });
        let expected = ["a@b.example", "b.example"]
            .map(|identity| pair("ses:SendEmail", &format!("identity/{identity}")));
        assert_eq!(required_pairs(Service::Ses, "POST /v2/email/outbound-emails", &body), expected);
    }
}
