//! HTTP API of orders.

mod body;
mod cancel;
mod cart;
mod config;
mod deliver;
mod get;
mod list;
mod place;
mod quote;
mod refund;
mod ship;
mod timeline;

use axum::Extension;
use shared::api::CommandState;
use shared::kit::error::ErrorCode;
use shared::kit::http::openapi::{ApiRouter, OperationDoc, RouteBuilder};

pub use config::OrderConfig;

/// Routes of the function.
pub fn routes<R: RouteBuilder<CommandState>>(routes: R) -> R {
    routes
        .post("/v1/quotes", quote::quote_order, QUOTE)
        .post("/v1/orders", place::place_order, PLACE)
        .get("/v1/orders", list::list_orders, LIST)
        .get("/v1/orders/{id}", get::get_order, GET)
        .get("/v1/orders/{id}/timeline", timeline::get_order_timeline, TIMELINE)
        .post("/v1/orders/{id}/cancel", cancel::cancel_order, CANCEL)
        .post("/v1/orders/{id}/ship", ship::ship_order, SHIP)
        .post("/v1/orders/{id}/deliver", deliver::deliver_order, DELIVER)
        .post("/v1/orders/{id}/refund", refund::refund_order, REFUND)
}

const QUOTE: OperationDoc = OperationDoc::new("Price products with shipping and tax")
    .with_description(
        "Returns the lines and the total that an order of these products would have now, and the shipping \
         options for the country with their prices. Nothing is written or reserved, and no access token is \
         needed; the request counts as a read.\n\n\
         Call it without `shippingOptionId` to let the buyer choose an option, and with it for the total. \
         Then place the order with the `total` as `expectedTotal`: if a price, the shipping or the tax has \
         changed meanwhile, the order is refused with `PRICE_CHANGED`.\n\n\
         `NOT_DELIVERABLE` means that the market does not deliver to the country. `INVALID_STATE` means that \
         the market is not active. The other errors are those of `POST /v1/orders`.",
    )
    .with_errors(&[ErrorCode::PriceChanged, ErrorCode::InvalidState, ErrorCode::NotDeliverable]);

const PLACE: OperationDoc = OperationDoc::new("Place an order at the current prices")
    .with_description(
        "Any authenticated user can order products of one active market. The order is created with \
         status `pending` and the current prices, shipping and taxes: its `lines` never change. If a price \
         differs from the `expectedPrice` of its item, or the total from `expectedTotal`, the order is refused \
         with `PRICE_CHANGED`. `INVALID_STATE` means that the market is not active. A product that does not \
         exist, is not for sale, belongs to another market or is listed twice is a `VALIDATION_ERROR` of its \
         item. A total that exceeds the maximum of its currency, or is \
         above 0 and below the minimum charge of the payment gateway, is a `VALIDATION_ERROR` of `items`.\n\n\
         If the order is shipped, it needs `shippingAddress` and `shippingOptionId`: `POST /v1/quotes` returns \
         the options and the total. `NOT_DELIVERABLE` means that the market does not deliver to the country. \
         The address is returned only by `GET /v1/orders/{id}`.\n\n\
         The rest happens after the response: the stock is reserved (`awaiting_payment`), then \
         `paymentMethod` is charged and the order becomes `confirmed`, or `rejected` if units are \
         missing or the charge is declined. If the bank requires an authentication (3-D Secure), the order \
         stays `awaiting_payment` and gets `payment`: pass `payment.clientSecret` to `handleNextAction` of \
         Stripe.js. If the authentication fails, pay with another card and the same secret. Without \
         `paymentMethod`, the buyer pays at the payment gateway with `payment.clientSecret` of the order. \
         The order becomes `expired` if it is not paid in time. An order with a total of 0 needs no payment: it becomes `confirmed` as soon as its \
         stock is reserved.\n\n\
         `Idempotency-Key` is required: a repetition with the same key and body returns the response of \
         the first request. Poll `GET /v1/orders/{id}` for the status.",
    )
    .with_errors(&[ErrorCode::PriceChanged, ErrorCode::InvalidState, ErrorCode::NotDeliverable]);

const LIST: OperationDoc = OperationDoc::new("List your orders, or the orders of a market")
    .with_description(
        "Lists the orders that the caller placed, or with `marketId` the orders of a market; newest \
         first by default. `from` and `to` select the period in which they were placed. Only the creator of \
         the market and callers with the permission `orders:read-any` can list its orders. Other callers \
         get `FORBIDDEN`, or `NOT_FOUND` if the market is not visible to them. The orders of a deleted \
         market remain readable.\n\n\
         With `status`, a page can have fewer items than `limit`, or none, and still a next page: \
         continue while `pagination.nextCursor` is present. A `page` or `offset` that is too deep for \
         the orders of this status is a `VALIDATION_ERROR` of `status`. With `sort=total`, all matching \
         orders are read: more than 1000 are a `VALIDATION_ERROR` of `sort`. Narrow the period or the \
         status then.\n\n\
         The items have the number of units and the total. `lines`, `tax`, `paymentId`, `payment`, `refunds`, \
         `shipment`, `updatedAt` and `version` are returned only if `fields` names them.",
    )
    .with_errors(&[ErrorCode::Forbidden, ErrorCode::NotFound]);

const GET: OperationDoc = OperationDoc::new("Get an order").with_description(
    "Returns an order to its buyer, its seller and callers with the permission `orders:read-any`; for \
     other callers, it does not exist. Only the buyer sees `payment`, and only while the order awaits \
     its payment at the checkout. `shippingAddress` is the delivery address, until it is erased. Send the \
     `ETag` of the last response in `If-None-Match` to poll cheaply: the response is 304 as long as the order has not changed.",
);

const TIMELINE: OperationDoc = OperationDoc::new("Get the status changes and the current step of an order")
    .with_description(
        "Returns every status that the order has had, with time, party and reason, to its buyer, its \
         seller and callers with the permission `orders:read-any`. A failed refund is an entry, too, with \
         the unchanged status. As long as the order is being processed, `fulfilment` shows the current \
         step, the number of failed attempts, the last error and the time of the next attempt. Use it to \
         find out why an order stays `pending` or `awaiting_payment`, or why a refund is not complete.",
    );

const CANCEL: OperationDoc = OperationDoc::new("Cancel an order that has not shipped")
    .with_description(
        "The buyer or the seller cancels an order that is `pending`, `awaiting_payment` or `confirmed`. \
         The order is `cancelled` at once. Reserved stock of an unpaid order is released at once. If \
         the payment was captured or may have been, it is refunded after the response, and then the \
         stock is released: see `refunds` and the timeline.\n\n\
         `INVALID_STATE` means that the order has shipped, has ended, or is already being refunded in \
         full. `FORBIDDEN` means that the caller can read the order but is neither its buyer nor its \
         seller. With an `Idempotency-Key`, the request can be repeated safely; without one, a \
         repetition fails with `INVALID_STATE`.",
    )
    .with_errors(&[ErrorCode::Forbidden, ErrorCode::InvalidState]);

const SHIP: OperationDoc = OperationDoc::new("Mark an order as shipped (seller only)")
    .with_description(
        "The seller reports that a `confirmed` order has shipped, with carrier and tracking number. The \
         order becomes `shipped`, can no longer be cancelled, and the buyer is notified by e-mail.\n\n\
         `INVALID_STATE` means that the order is not `confirmed`, is being refunded in full, or has no units left \
         to ship. \
         `FORBIDDEN` means that the caller can read the order but is not its seller. Report the arrival \
         with `POST /v1/orders/{id}/deliver`.",
    )
    .with_errors(&[ErrorCode::Forbidden, ErrorCode::InvalidState]);

const DELIVER: OperationDoc = OperationDoc::new("Mark an order as delivered (seller only)")
    .with_description(
        "The seller reports that a `shipped` order has arrived. The order becomes `delivered`; it can \
         still be refunded. The request body is empty or `{}`.\n\n\
         `INVALID_STATE` means that the order has not shipped or is already delivered. `FORBIDDEN` \
         means that the caller can read the order but is not its seller.",
    )
    .with_errors(&[ErrorCode::Forbidden, ErrorCode::InvalidState]);

const REFUND: OperationDoc = OperationDoc::new("Refund an order, an amount of it, or some of its lines")
    .with_description(
        "The seller, or a caller with the permission `orders:refund-any` (administrators), refunds a \
         `confirmed`, `shipped` or `delivered` order, or the money that an order kept after its end because \
         a refund has failed. The response contains the new refund in `refunds` with status `pending`. The \
         payment gateway makes it after the response: the refund becomes `succeeded`, and the buyer is \
         notified by e-mail. It can stay `pending` for some days, and becomes `requires_action` if the \
         gateway waits for the buyer. When the whole payment is refunded, the order becomes `refunded`; its \
         units return to the stock unless they have shipped.\n\n\
         A refund becomes `failed` if the gateway refuses it, or later, even after it has `succeeded`, if \
         the bank of the buyer returns the money. The order keeps its status, the seller is notified by \
         e-mail, and the amount can be refunded again; nothing is retried automatically. A refund becomes \
         `cancelled` if less than its amount is left, because a part was refunded at the gateway itself: \
         the rest is a further refund. Refunds made at the gateway itself are listed as well.\n\n\
         With `lines` and `shipping`, units of products and the shipping are refunded instead of an amount, with \
         their tax. A unit is worth its share of `gross` of its line, in whole minor units: of 10.00 EUR for three \
         units, the first refunded one is worth 3.34 EUR, and the others 3.33 EUR. If amounts of the line were \
         refunded before, at most what is left of it is refunded. `lines` of the refund shows how much of each line \
         is refunded. Units of an order that has not shipped return to the stock at once, even if the refund \
         fails later, and are not to be shipped. Units that have shipped return to it with `restock`.\n\n\
         Pending refunds count as refunded. An `amount` above the remaining amount, an order that is not \
         paid, and a 21st refund of an order (a 101st, counting those that are `failed` or `cancelled`) are \
         refused with `INVALID_STATE`, as are more units than are left, and lines of which nothing is left; an \
         amount of 0 or in another currency, and a product that is not in the order, are `VALIDATION_ERROR`s. \
         `Idempotency-Key` is required: a repetition with the same key and body makes no second refund. \
         Poll `GET /v1/orders/{id}` for the result.",
    )
    .with_errors(&[ErrorCode::Forbidden, ErrorCode::InvalidState]);

/// Router of the function.
pub fn router(app: CommandState, config: OrderConfig) -> ApiRouter {
    let router = routes(ApiRouter::new()).with_state(app);
    router.map_router(|router| router.layer(Extension(config)))
}
