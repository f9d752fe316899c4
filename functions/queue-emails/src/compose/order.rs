//! E-mails about orders.

use shared::domain::order::{Order, OrderEventData};
use shared::domain::user::User;
use shared::kit::aws::mail::Mailer;
use shared::kit::command::{Envelope, ReadSet, Store, StoreError};
use shared::kit::system::clock::Clock;
use shared::messaging::email_dispatch::{DispatchId, EmailDispatch, Recipient};

use super::{Composed, ComposedEmail};
use crate::email::{Button, EmailContent, Fact};
use crate::locale::Locale;
use crate::skip_reason::SkipReason;
use crate::templates::{buyer, seller};
use crate::{EmailEvent, Emails};

impl<S: Store, M: Mailer, C: Clock> Emails<S, M, C> {
    /// Loads the order, the recipients and their dispatch records in one request, and composes an e-mail for
    /// each recipient.
    pub(super) async fn compose_order_emails(
        &self,
        event: &Envelope<EmailEvent>,
        data: &OrderEventData,
    ) -> Result<Composed, StoreError> {
        let recipients = event.event.order_recipients();
        let users: Vec<_> = recipients
            .iter()
            .map(|recipient| match recipient {
                Recipient::Account | Recipient::OldAddress | Recipient::Buyer => data.buyer_id,
                Recipient::Seller => data.seller_id,
            })
            .collect();
        let ids: Vec<_> = recipients.iter().map(|recipient| DispatchId::new(&event.id, *recipient)).collect();
        let reads = ReadSet::<Option<Order>>::get(&data.order_id)
            .and(ReadSet::<Vec<Option<User>>>::get_all(&users))
            .and(ReadSet::<Vec<Option<EmailDispatch>>>::get_all(&ids));
        let ((order, users), dispatches) = self.store.load(reads).await?;
        let mut composed = Vec::new();
        for (((recipient, user), dispatch_id), dispatch) in
            recipients.iter().zip(users).zip(ids).zip(dispatches)
        {
            let content = self.order_content(*recipient, &event.event, order.as_ref(), user.as_ref());
            composed.push(content.map(|(to, content)| ComposedEmail {
                to,
                content,
                fingerprint: String::new(),
                dispatch_id,
                dispatch,
                allowance: None,
            }));
        }
        Ok(composed)
    }

    /// Address and content of the e-mail to one recipient.
    fn order_content(
        &self,
        recipient: Recipient,
        event: &EmailEvent,
        order: Option<&Order>,
        user: Option<&User>,
    ) -> Result<(String, EmailContent), SkipReason> {
        let user = user.ok_or(SkipReason::RecipientDeleted)?;
        let order = order.ok_or(SkipReason::StateChanged)?;
        let locale = Locale::default();
        let (content, label) = match recipient {
            Recipient::Account | Recipient::OldAddress | Recipient::Buyer => {
                (buyer::content(event, order, locale)?, "View your order")
            }
            Recipient::Seller => (self.seller_content(event, order, user, locale)?, "View the order"),
        };
        let mut facts = vec![Fact::new("Order", order.id.to_string())];
        facts.extend(content.facts);
        let button = Some(Button { label, url: format!("{}/orders/{}", self.app_url, order.id) });
        let name = Some(user.name.as_str().to_owned());
        let content = EmailContent { locale, name, facts, button, ..content };
        let content = if user.email_verified { content } else { content.without_user_input() };
        Ok((user.email.as_str().to_owned(), content))
    }

    /// Content of the e-mail to the seller, with the link that turns such e-mails off.
    fn seller_content(
        &self,
        event: &EmailEvent,
        order: &Order,
        seller: &User,
        locale: Locale,
    ) -> Result<EmailContent, SkipReason> {
        let content = seller::content(event, order, locale)?;
        let Some(topic) = seller::topic(event) else { return Ok(content) };
        if !seller.notifications.includes(topic) {
            return Err(SkipReason::Unsubscribed);
        }
        let unsubscribe_url = self.api_url.as_ref().map(|api_url| {
            format!("{api_url}/v1/auth/unsubscribe?token={}", self.tokens.to_unsubscribe(seller.id, topic))
        });
        Ok(EmailContent { unsubscribe_url, ..content })
    }
}
