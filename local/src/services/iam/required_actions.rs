//! What IAM asks for before a call is made: the "Service Authorization Reference" of DynamoDB, SQS and SES, as far as
//! functions call them.

use serde_json::Value;

use crate::faults::Service;
use crate::system::arn;
use crate::template::Grant;

/// An action, and the resources of which one has to grant it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RequiredAction {
    pub(crate) action: String,
    pub(crate) resources: Vec<String>,
}

impl RequiredAction {
    fn on(action: impl Into<String>, resource: String) -> Self {
        Self { action: action.into(), resources: vec![resource] }
    }

    pub(super) fn grants(&self) -> impl Iterator<Item = Grant> {
        self.resources
            .iter()
            .map(|resource| Grant { action: self.action.clone(), resource: resource.clone() })
    }
}

/// What a call needs; nothing for what is not AWS.
pub(crate) fn needs(service: Service, operation: &str, body: &Value) -> Vec<RequiredAction> {
    match service {
        Service::DynamoDb => of_table(operation, body),
        Service::Sqs => of_queue(operation, body),
        Service::Ses => of_mail(body),
        Service::Payments => Vec::new(),
    }
}

/// A batch needs its action on each table, a transaction that of each of its items, a query the index that it reads.
fn of_table(operation: &str, body: &Value) -> Vec<RequiredAction> {
    if let Some(tables) = body["RequestItems"].as_object() {
        let action = format!("dynamodb:{operation}");
        return tables
            .keys()
            .map(|table| RequiredAction::on(action.clone(), arn::table_arn(table)))
            .collect();
    }
    if let Some(items) = body["TransactItems"].as_array() {
        return items.iter().filter_map(of_item).collect();
    }
    let Some(table) = body["TableName"].as_str() else { return Vec::new() };
    let arn = arn::table_arn(table);
    let arn = body["IndexName"].as_str().map_or(arn.clone(), |index| format!("{arn}/index/{index}"));
    vec![RequiredAction::on(format!("dynamodb:{operation}"), arn)]
}

/// `{"Put": {"TableName": …}}` needs `PutItem`, and so on.
fn of_item(item: &Value) -> Option<RequiredAction> {
    let (kind, item) = item.as_object()?.iter().next()?;
    let action =
        if kind == "ConditionCheck" { "ConditionCheckItem".to_owned() } else { format!("{kind}Item") };
    Some(RequiredAction::on(format!("dynamodb:{action}"), arn::table_arn(item["TableName"].as_str()?)))
}

/// The batch forms are granted by the single ones.
fn of_queue(operation: &str, body: &Value) -> Vec<RequiredAction> {
    let action = operation.strip_suffix("Batch").unwrap_or(operation);
    let name = body["QueueUrl"].as_str().and_then(|url| url.rsplit('/').next());
    name.map(|name| RequiredAction::on(format!("sqs:{action}"), arn::queue_arn(name))).into_iter().collect()
}

/// The identity that SES has verified: the address, or its domain.
fn of_mail(body: &Value) -> Vec<RequiredAction> {
    let Some(sender) = body["FromEmailAddress"].as_str() else { return Vec::new() };
    let domain = sender.rsplit('@').next().unwrap_or(sender);
    let resources = [sender, domain].map(arn::identity_arn).to_vec();
    vec![RequiredAction { action: "ses:SendEmail".to_owned(), resources }]
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn asked(service: Service, operation: &str, body: &Value) -> Vec<(String, String)> {
        let grants =
            needs(service, operation, body).into_iter().flat_map(|need| need.grants().collect::<Vec<_>>());
        grants
            .map(|grant| (grant.action, grant.resource.rsplit(':').next().unwrap_or_default().to_owned()))
            .collect()
    }

    fn pair(action: &str, resource: &str) -> (String, String) {
        (action.to_owned(), resource.to_owned())
    }

    #[test]
    fn a_transaction_needs_what_its_items_do() {
        let item = json!({ "TableName": "t" });
        let body =
            json!({ "TransactItems": [{ "Put": item }, { "ConditionCheck": item }, { "Update": item }] });
        let expected = ["PutItem", "ConditionCheckItem", "UpdateItem"]
            .map(|action| pair(&format!("dynamodb:{action}"), "table/t"));
        assert_eq!(asked(Service::DynamoDb, "TransactWriteItems", &body), expected);
    }

    #[test]
    fn a_query_needs_its_index_and_a_batch_its_tables() {
        let query = json!({ "TableName": "t", "IndexName": "due" });
        assert_eq!(asked(Service::DynamoDb, "Query", &query), [pair("dynamodb:Query", "table/t/index/due")]);
        let batch = json!({ "RequestItems": { "t": {} } });
        assert_eq!(
            asked(Service::DynamoDb, "BatchGetItem", &batch),
            [pair("dynamodb:BatchGetItem", "table/t")]
        );
    }

    #[test]
    fn a_batch_of_messages_needs_what_one_does_and_an_email_its_sender_or_its_domain() {
        let body = json!({ "QueueUrl": "http://127.0.0.1:1/000000000000/q" });
        assert_eq!(asked(Service::Sqs, "SendMessageBatch", &body), [pair("sqs:SendMessage", "q")]);
        let body = json!({ "FromEmailAddress": "a@b.example" });
        let expected = ["a@b.example", "b.example"]
            .map(|identity| pair("ses:SendEmail", &format!("identity/{identity}")));
        assert_eq!(asked(Service::Ses, "POST /v2/email/outbound-emails", &body), expected);
    }
}
