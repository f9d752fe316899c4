//! What has lapsed, and is still there: DynamoDB deletes it days late.

use aws_sdk_dynamodb::types::AttributeValue;

use crate::app::TestApp;
use crate::audit::Items;
use crate::audit::items::key;

impl TestApp {
    /// Has the items of this kind lapse whose partition key ends so: their time is over, and the table has not noticed yet.
    /// Says how many there were.
    ///
    /// # Panics
    /// If the table does not answer.
    pub async fn expire_items(&self, kind: &str, end: &str) -> usize {
        let table = self.stack().table_name("Table").expect("the template has the table");
        let items = Items::scan(self).await;
        let places: Vec<_> = items.of_kind(kind).map(key).filter(|place| place.pk.ends_with(end)).collect();
        for place in &places {
            let update = self.dynamodb().update_item().table_name(table).update_expression("SET #t = :t");
            let update = update.expression_attribute_names("#t", "ttl");
            let over = AttributeValue::N("1".to_owned());
            let update = update.expression_attribute_values(":t", over);
            let update = update.key("pk", AttributeValue::S(place.pk.clone()));
            update.key("sk", AttributeValue::S(place.sk.clone())).send().await.expect("the table answers");
        }
        places.len()
    }
}
