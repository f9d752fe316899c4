//! Expired items that DynamoDB has not deleted yet.

use aws_sdk_dynamodb::types::AttributeValue;

use crate::app::TestApp;
use crate::audit::Items;
use crate::audit::items::key;

impl TestApp {
    /// Sets the time to live of items to the past without deleting them: items of this kind whose partition
    /// key has this suffix. Returns their number.
    ///
    /// # Panics
    /// If the table does not respond.
    pub async fn expire_items(&self, kind: &str, suffix: &str) -> usize {
        let table = self.stack().table_name("Table").expect("the template has the table");
        let items = Items::scan(self).await;
        let keys: Vec<_> = items.of_kind(kind).map(key).filter(|key| key.pk.ends_with(suffix)).collect();
        for key in &keys {
            let update = self.dynamodb().update_item().table_name(table).update_expression("SET #t = :t");
            let update = update.expression_attribute_names("#t", "ttl");
            let past = AttributeValue::N("1".to_owned());
            let update = update.expression_attribute_values(":t", past);
            let update = update.key("pk", AttributeValue::S(key.pk.clone()));
            update.key("sk", AttributeValue::S(key.sk.clone())).send().await.expect("the table responds");
        }
        keys.len()
    }
}
