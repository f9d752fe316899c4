//! HTTP API of markets and their sales.

mod body;
mod create;
mod creator_body;
mod delete;
mod get;
mod include_creator;
mod list;
mod list_item;
mod settings;
mod stats;
mod update;

use shared::api::{CommandState, QueryState};
use shared::kit::aws::dynamodb::DynamoReader;
use shared::kit::error::ErrorCode;
use shared::kit::http::openapi::{ApiRouter, OperationDoc, RouteBuilder};
use shared::repository::cached::CachedReader;

use crate::settings::{ShippingBody, TaxBody};
use crate::update::{PatchMarketRequest, ReplaceMarketRequest};

/// State of the GET handlers.
pub(crate) type Queries = QueryState<CachedReader<DynamoReader>>;

/// State of the other handlers, and of the router.
pub(crate) type Commands = CommandState<CachedReader<DynamoReader>>;

/// Routes of the function.
pub fn routes<R: RouteBuilder<Commands>>(routes: R) -> R {
    routes
        .get("/v1/markets", list::list_markets, LIST)
        .post("/v1/markets", create::create_market, CREATE)
        .get("/v1/markets/{id}", get::get_market, GET)
        .put("/v1/markets/{id}", update::update_market::<ReplaceMarketRequest>, REPLACE)
        .patch("/v1/markets/{id}", update::update_market::<PatchMarketRequest>, PATCH)
        .delete("/v1/markets/{id}", delete::delete_market, DELETE)
        .get("/v1/markets/{id}/stats", stats::get_market_stats, STATS)
        .get("/v1/markets/{id}/shipping", settings::get_settings::<ShippingBody>, GET_SHIPPING)
        .put("/v1/markets/{id}/shipping", settings::set_settings::<ShippingBody>, SET_SHIPPING)
        .get("/v1/markets/{id}/tax", settings::get_settings::<TaxBody>, GET_TAX)
        .put("/v1/markets/{id}/tax", settings::set_settings::<TaxBody>, SET_TAX)
        .get("/v1/markets/{id}/commission", settings::get_commission, GET_COMMISSION)
        .put("/v1/markets/{id}/commission", settings::set_commission, SET_COMMISSION)
}

const LIST: OperationDoc = OperationDoc::new("List markets").with_description(
    "Lists the markets of all sellers with one status, by default the `active` ones. No access token is \
     needed; drafts are never listed. `description`, `updatedAt` and `version` are returned only if \
     `fields` names them.\n\n\
     `search` restricts the list to markets whose name has, for each word of a text, a word that starts \
     with it: `blue tea` finds the market `Teapots in blue`. Only the first 12 words of a name are \
     searched. A new name is found a little later. A search with more \
     than 200 matches is a `VALIDATION_ERROR` of `search`: use a longer text. Use `GET /v1/search` to search descriptions, \
     too. Totals are updated a little later than the markets, so a list that is sorted by `volume` can \
     lag behind, and a page of it can have fewer items than `limit`. Continue with \
     `pagination.nextCursor` as `cursor`.",
);

const CREATE: OperationDoc = OperationDoc::new("Create a market with its first products")
    .with_description(
        "Any authenticated user can create a market, and becomes its seller. The market and up to 20 \
         `products` are created in one transaction: all of them or none. The market is `active` unless \
         `status` is `draft`; a draft is visible only to its creator and accepts no orders. The market \
         appears in lists and in search results a little later.\n\n\
         All prices of a market are in its `currency`, which cannot be changed. A product with another \
         currency or a repeated SKU is a `VALIDATION_ERROR`. With an `Idempotency-Key`, the request can \
         be repeated safely; without one, a repetition creates a second market. Add more products with \
         `POST /v1/markets/{marketId}/products`.",
    )
    .with_errors(&[ErrorCode::Conflict]);

const GET: OperationDoc = OperationDoc::new("Get a market").with_description(
    "Returns a market with its sales volume. No access token is needed, except for a draft, which only \
     its creator can read. The response can be up to 5 seconds old, and may be cached for 5 seconds \
     more unless the market is a draft. With `include=creator`, the response contains id and name of \
     the creator. The `ETag` changes with the market and with its volume: send it in `If-None-Match` to \
     poll, or in `If-Match` to change the market.",
);

const REPLACE: OperationDoc = OperationDoc::new("Replace the modifiable fields of a market (creator only)")
    .with_description(
        "The creator replaces name, description and status of a market. An absent `description` removes \
         the current one. Use `PATCH` to change single fields. The creator can change the status from \
         `draft` to `active` or `closed`, from `active` to `closed`, and from `closed` to `active`; any \
         other change is refused with `INVALID_STATE`. A `closed` market is still visible, but accepts \
         no orders and no new products. Existing orders are not affected.\n\n\
         `If-Match` must contain the `ETag` of the market, or `*`. `VERSION_MISMATCH` means that the \
         market has changed since: read it again. A change of the volume does not count. `FORBIDDEN` \
         means that the market belongs to another user.",
    )
    .with_errors(&[ErrorCode::Forbidden, ErrorCode::InvalidState])
    .with_operation_id("replaceMarket");

const PATCH: OperationDoc = OperationDoc::new("Change single fields of a market, or suspend it")
    .with_description(
        "The creator changes the fields that are present in the body (JSON Merge Patch, RFC 7396). \
         `null` removes `description`; other fields must not be `null`. The creator can change the \
         status from `draft` to `active` or `closed`, from `active` to `closed`, and from `closed` to \
         `active`; any other change is refused with `INVALID_STATE`. A `closed` or `suspended` market \
         is still visible, but accepts no orders and no new products. Existing orders are not affected.\n\n\
         A caller with the permission `markets:suspend` can change the status of any market from \
         `active` or `closed` to `suspended`, and from `suspended` to `active` or `closed`, in a body \
         that contains only `status`. If the account of the creator is suspended or deleted, \
         `INVALID_STATE` means that the market can only be `closed`.\n\n\
         `If-Match` must contain the `ETag` of the market, or `*`. `VERSION_MISMATCH` means that the \
         market has changed since: read it again. A change of the volume does not count. `FORBIDDEN` \
         means that the market belongs to another user.",
    )
    .with_errors(&[ErrorCode::Forbidden, ErrorCode::InvalidState])
    .with_operation_id("patchMarket");

const DELETE: OperationDoc = OperationDoc::new("Delete a market (creator only)")
    .with_description(
        "The creator deletes a market whose orders have all ended. Its products can no longer be read or \
         ordered; its orders can still be read and refunded. A deletion cannot be undone: set `status` to \
         `closed` to stop selling for a while. `INVALID_STATE` means that an order is `pending`, \
         `awaiting_payment`, `confirmed` or `shipped`, or was until a moment ago, or that the market is \
         `suspended`.\n\n\
         `If-Match` must contain the `ETag` of the market, or `*`. `VERSION_MISMATCH` means that the \
         market has changed since: read it again. `FORBIDDEN` means that the market belongs to another \
         user. A repetition fails with `NOT_FOUND`, unless it has the same `Idempotency-Key`.",
    )
    .with_errors(&[ErrorCode::Forbidden, ErrorCode::InvalidState]);

const STATS: OperationDoc = OperationDoc::new("Get the daily sales of a market")
    .with_description(
        "Returns the number of orders, the sales volume and the refunds of a market, in total and per \
         day (UTC), for up to 366 days; by default for the last 30. An order counts for the day of its \
         confirmation, and so do its later refunds; refunds are not subtracted from the volume. The \
         numbers are updated a little later than the orders.\n\n\
         Only the creator of the market and callers with the permission `markets:stats` can read them. \
         Other callers get `FORBIDDEN`, or `NOT_FOUND` if the market is not visible to them. A period \
         that is empty or too long is a `VALIDATION_ERROR` of `from`.",
    )
    .with_errors(&[ErrorCode::Forbidden]);

const GET_SHIPPING: OperationDoc = OperationDoc::new("Get the shipping settings of a market (creator only)")
    .with_description(
        "Returns the shipping zones of a market with their options. A market whose settings were never set \
         has no zones, and the version 1: it sells without shipping. Send the `ETag` in `If-Match` to \
         change the settings.",
    )
    .with_errors(&[ErrorCode::Forbidden])
    .with_operation_id("getMarketShipping");

const SET_SHIPPING: OperationDoc = OperationDoc::new("Set the shipping settings of a market (creator only)")
    .with_description(
        "The creator replaces the shipping zones of a market: up to 50 zones with up to 10 options each. A \
         country that is listed in a zone has the options of this zone; all other countries have those of \
         the zone `*`, if there is one. An order of a product that `requiresShipping` needs one of the \
         options of its country; with `freeFrom`, the option is free for orders whose items cost at least \
         this amount, with tax. Without zones, the market sells without shipping. Existing orders are not \
         affected.\n\n\
         A country in two zones, two options with the same id in a zone, another currency than that of the \
         market, and settings of more than 32 KB are `VALIDATION_ERROR`s of the field. `If-Match` must \
         contain the `ETag` of the settings, or `*`. `VERSION_MISMATCH` means that they have changed since: \
         read them again.",
    )
    .with_errors(&[ErrorCode::Forbidden])
    .with_operation_id("setMarketShipping");

const GET_TAX: OperationDoc = OperationDoc::new("Get the tax settings of a market (creator only)")
    .with_description(
        "Returns the tax rates of a market. A market whose settings were never set has no rates, and the \
         version 1: it charges no tax. Send the `ETag` in `If-Match` to change the settings.",
    )
    .with_errors(&[ErrorCode::Forbidden])
    .with_operation_id("getMarketTax");

const SET_TAX: OperationDoc = OperationDoc::new("Set the tax settings of a market (creator only)")
    .with_description(
        "The creator replaces the tax rates of a market: up to 250, each for the products of a `taxClass` \
         that are supplied to a country, or to a `region` of it. A rate of the region has precedence over \
         one of the country; without a rate, no tax is charged. Shipping is taxed at the rate that \
         `appliesToShipping`. With `pricesIncludeTax`, the tax is a part of the prices; without it, it is \
         added to them. Existing orders are not affected.\n\n\
         Two rates of the same country, region and class, two rates of a country and region that apply to \
         shipping, and settings of more than 32 KB are `VALIDATION_ERROR`s of the field. `If-Match` must \
         contain the `ETag` of the settings, or `*`. `VERSION_MISMATCH` means that they have changed since: \
         read them again.",
    )
    .with_errors(&[ErrorCode::Forbidden])
    .with_operation_id("setMarketTax");

const GET_COMMISSION: OperationDoc = OperationDoc::new("Get the commission on the orders of a market")
    .with_description(
        "Returns the rate of the marketplace's commission on new orders of a market, to its creator and to callers with \
         the permission `markets:set-commission`. `basisPoints` is null if the default of the marketplace applies. The \
         commission on an order is frozen when it is placed, and shown to the seller in `GET /v1/orders/{id}`.",
    )
    .with_errors(&[ErrorCode::Forbidden])
    .with_operation_id("getMarketCommission");

const SET_COMMISSION: OperationDoc = OperationDoc::new("Set the commission on the orders of a market (administrators)")
    .with_description(
        "Sets the rate of the marketplace's commission on new orders of a market: a part of the net price of each item, \
         without shipping and taxes. Callers need the permission `markets:set-commission`. With null, the default of the \
         marketplace applies. Existing orders keep their rate.\n\n\
         `If-Match` must contain the `ETag` of the settings, or `*`. `VERSION_MISMATCH` means that they have changed \
         since: read them again.",
    )
    .with_errors(&[ErrorCode::Forbidden])
    .with_operation_id("setMarketCommission");

/// Router of the function.
pub fn router(app: Commands) -> ApiRouter {
    routes(ApiRouter::new()).with_state(app)
}
