//! HTTP API of products and their stock.

mod adjust_stock;
mod body;
mod create;
mod delete;
mod get;
mod list;
mod list_item;
mod update;

use shared::api::{CommandState, QueryState};
use shared::kit::aws::dynamodb::DynamoReader;
use shared::kit::error::ErrorCode;
use shared::kit::http::openapi::{ApiRouter, OperationDoc, RouteBuilder};
use shared::repository::cached::CachedReader;

use crate::update::{PatchProductRequest, ReplaceProductRequest};

/// State of the GET handlers.
pub(crate) type Queries = QueryState<CachedReader<DynamoReader>>;

/// State of the other handlers, and of the router.
pub(crate) type Commands = CommandState<CachedReader<DynamoReader>>;

/// Routes of the function.
pub fn routes<R: RouteBuilder<Commands>>(routes: R) -> R {
    routes
        .get("/v1/markets/{marketId}/products", list::list_products, LIST)
        .post("/v1/markets/{marketId}/products", create::create_product, CREATE)
        .get("/v1/products/{id}", get::get_product, GET)
        .put("/v1/products/{id}", update::update_product::<ReplaceProductRequest>, REPLACE)
        .patch("/v1/products/{id}", update::update_product::<PatchProductRequest>, PATCH)
        .delete("/v1/products/{id}", delete::delete_product, DELETE)
        .post("/v1/products/{id}/stock", adjust_stock::restock_product, ADJUST_STOCK)
}

const LIST: OperationDoc = OperationDoc::new("List the products of a market with their stock")
    .with_description(
        "Lists the products of a market, newest first by default, archived ones included: `status=active` \
         lists those that can be ordered with `POST /v1/orders` if the market is `active`. No access token is \
         needed. The products of a draft are visible only to its creator; for other callers, the \
         response is `NOT_FOUND`. Continue with `pagination.nextCursor` as `cursor`.\n\n\
         All filters and sort orders can be combined. `search` matches the beginnings of the first twelve words \
         of the title, each word of the parameter one of them: `search=mug blu` finds \"Blue mug\". It searches \
         neither the SKU nor the description; `GET /v1/search` searches titles and descriptions of all markets \
         by relevance. More than 500 matches are a `VALIDATION_ERROR` of `search`. A changed title is found, and \
         `pagination.total` is updated, a little later.\n\n\
         `minPrice` and `maxPrice` are in minor units of the currency of the market. With `sort=price` and \
         `sort=-price`, the range can have any number of products, of which `pagination.total` counts up to 5000 \
         of each status. With another sort order, more than 1000 products in the range are a \
         `VALIDATION_ERROR` of `sort`: narrow the range, or sort by price.\n\n\
         The items do not contain `description`, `updatedAt` and `version`, unless `fields` names them.",
    );

const CREATE: OperationDoc = OperationDoc::new("Create a product in a market (seller only)")
    .with_description(
        "The creator of a market adds a product with its price and initial stock. The product is \
         `active`: it can be ordered at once if the market is `active`. It appears in search results \
         and in `pagination.total` of the list a little later.\n\n\
         `CONFLICT` with `error.fields.sku` means that another product of the market has this SKU. \
         `INVALID_STATE` means that the market is `closed` or `suspended`. `FORBIDDEN` means that the \
         market belongs to another user. The price must be in the currency of the market. With an \
         `Idempotency-Key`, the request can be repeated safely. `Location` is the address of the new \
         product.",
    )
    .with_errors(&[ErrorCode::Forbidden, ErrorCode::InvalidState, ErrorCode::Conflict]);

const GET: OperationDoc = OperationDoc::new("Get a product with its stock").with_description(
    "Returns a product with the number of available and reserved units. No access token is needed, \
     except for the products of a draft, which only its creator can read. The response can be up to 5 \
     seconds old; without an access token, it may be cached for 5 seconds more. The `ETag` changes with \
     the product and with its stock: send it in `If-None-Match` to poll, or in `If-Match` to change the \
     product.",
);

const REPLACE: OperationDoc = OperationDoc::new("Replace the modifiable fields of a product (seller only)")
    .with_description(
        "The seller replaces SKU, title, description, price and status of a product. An absent \
         `description` removes the current one. Use `PATCH` to change single fields, and `POST \
         /v1/products/{id}/stock` for the stock. Orders that are already placed keep their SKU, title \
         and price. Set `status` to `archived` to take the product off sale.\n\n\
         `If-Match` must contain the `ETag` of the product, or `*`. `VERSION_MISMATCH` means that the \
         product has changed since: read it again. A change of the stock does not count. `CONFLICT` \
         with `error.fields.sku` means that another product of the market has this SKU. `FORBIDDEN` \
         means that the caller is not the seller.",
    )
    .with_errors(&[ErrorCode::Forbidden, ErrorCode::Conflict])
    .with_operation_id("replaceProduct");

const PATCH: OperationDoc = OperationDoc::new("Change single fields of a product (seller only)")
    .with_description(
        "The seller changes the fields that are present in the body (JSON Merge Patch, RFC 7396). \
         `null` removes `description`; other fields must not be `null`. Orders that are already placed \
         keep their SKU, title and price. Set `status` to `archived` to take the product off sale, and \
         to `active` to sell it again.\n\n\
         `If-Match` must contain the `ETag` of the product, or `*`. `VERSION_MISMATCH` means that the \
         product has changed since: read it again. A change of the stock does not count. `CONFLICT` \
         with `error.fields.sku` means that another product of the market has this SKU. `FORBIDDEN` \
         means that the caller is not the seller.",
    )
    .with_errors(&[ErrorCode::Forbidden, ErrorCode::Conflict])
    .with_operation_id("patchProduct");

const DELETE: OperationDoc = OperationDoc::new("Delete a product (seller only)")
    .with_description(
        "The seller deletes a product with its stock; its SKU can be used again. Orders that contain \
         the product are not affected.\n\n\
         `INVALID_STATE` means that units are reserved for orders that are not confirmed yet: set \
         `status` to `archived`, and delete the product once these orders have ended. `If-Match` must \
         contain the `ETag` of the product, or `*`; `VERSION_MISMATCH` means that the product has \
         changed since. `FORBIDDEN` means that the caller is not the seller. A repetition fails with \
         `NOT_FOUND`, unless it has the same `Idempotency-Key`.",
    )
    .with_errors(&[ErrorCode::Forbidden, ErrorCode::InvalidState]);

const ADJUST_STOCK: OperationDoc = OperationDoc::new("Adjust the stock of a product (seller only)")
    .with_description(
        "The seller adds `delta` units to the available stock of a product, or removes them if `delta` \
         is negative. The change is relative, so it does not conflict with orders that are placed at \
         the same time, and it needs no `If-Match`. The response contains the new stock; the version of \
         the product does not change.\n\n\
         `INSUFFICIENT_STOCK` means that fewer units are available than are to be removed; reserved \
         units cannot be removed. `FORBIDDEN` means that the caller is not the seller. Send an \
         `Idempotency-Key`: without one, a repeated request adjusts the stock twice.",
    )
    .with_errors(&[ErrorCode::Forbidden, ErrorCode::InsufficientStock]);

/// Router of the function.
pub fn router(app: Commands) -> ApiRouter {
    routes(ApiRouter::new()).with_state(app)
}
