/**
 * A seller creates a market with shipping and taxes, a buyer asks for a quote and places an order, and the seller
 * refunds one line and then the rest: `node order.js http://localhost:3000`.
 */

import { setTimeout as wait } from "node:timers/promises";

import { agora, type Agora, ApiError, type Schemas, unwrap } from "../src/client.js";

const baseUrl = process.argv[2] ?? "http://localhost:3000";

/** Registers a user, logs in, and returns an authenticated client. */
async function registerUser(name: string): Promise<Agora> {
  const anonymous = agora(baseUrl);
  const account = { email: `${name}-${Date.now()}@example.com`, password: "correct horse battery" };
  await unwrap(anonymous.POST("/v1/auth/register", { body: { ...account, name } }));
  const { data: tokens } = await unwrap(anonymous.POST("/v1/auth/login", { body: account }));
  return agora(baseUrl, () => tokens.accessToken);
}

/** Waits until an order has this status. */
async function waitForStatus(api: Agora, id: string, status: Schemas["OrderStatus"]): Promise<Schemas["Order"]> {
  const path = { id };
  for (let attempt = 0; attempt < 200; attempt += 1) {
    const { data: order } = await unwrap(api.GET("/v1/orders/{id}", { params: { path } }));
    if (order.status === status) {
      return order;
    }
    await wait(100);
  }
  throw new Error(`timed out: the order is not ${status}`);
}

const seller = await registerUser("seller");
const buyer = await registerUser("buyer");

const price = { amount: 1999, currency: "EUR" } as const;
const { data: market } = await unwrap(
  seller.POST("/v1/markets", {
    body: { name: "Tea and more", currency: "EUR", products: [{ sku: "TEA-100", title: "Tea", price, stock: 10 }] },
  }),
);
const { data: products } = await unwrap(
  buyer.GET("/v1/markets/{marketId}/products", { params: { path: { marketId: market.id } } }),
);
const product = products[0];
if (product === undefined) {
  throw new Error("the market has no product");
}

const euros = (amount: number) => ({ amount, currency: "EUR" }) as const;
const settingsOf = { path: { id: market.id }, header: { "If-Match": "*" } };
await unwrap(
  seller.PUT("/v1/markets/{id}/shipping", {
    params: settingsOf,
    body: {
      zones: [
        { countries: ["DE", "AT"], options: [{ id: "standard", name: "Standard", amount: euros(490) }] },
        { countries: "*", options: [{ id: "worldwide", name: "Worldwide", amount: euros(1990) }] },
      ],
    },
  }),
);
const vat = { country: "DE", name: "VAT" };
await unwrap(
  seller.PUT("/v1/markets/{id}/tax", {
    params: settingsOf,
    body: {
      pricesIncludeTax: true,
      rates: [
        { ...vat, class: "standard", basisPoints: 1900, appliesToShipping: true },
        { ...vat, class: "reduced", basisPoints: 700, appliesToShipping: false },
      ],
    },
  }),
);

const cart = { marketId: market.id, items: [{ productId: product.id, quantity: 2, expectedPrice: price }] };
const shippingAddress = {
  name: "Ada Lovelace",
  line1: "Torstrasse 1",
  city: "Berlin",
  postalCode: "10119",
  country: "DE",
} as const;
const { data: options } = await unwrap(
  agora(baseUrl).POST("/v1/quotes", { body: { ...cart, country: shippingAddress.country } }),
);
const shippingOptionId = options.shippingOptions[0]?.id;
if (shippingOptionId === undefined) {
  throw new Error("the market does not deliver to Germany");
}
const delivery = { ...cart, shippingAddress, shippingOptionId };
const { data: quote } = await unwrap(buyer.POST("/v1/quotes", { body: delivery }));

const request = {
  params: { header: { "Idempotency-Key": "first-order" } },
  body: { ...delivery, expectedTotal: quote.total, paymentMethod: "pm_card_visa" },
};
const { data: placed } = await unwrap(buyer.POST("/v1/orders", request));
const { data: again } = await unwrap(buyer.POST("/v1/orders", request));
if (again.id !== placed.id) {
  throw new Error("the retried request placed a second order");
}
const confirmed = await waitForStatus(buyer, placed.id, "confirmed");

try {
  const body = { reason: "no permission" };
  await unwrap(
    buyer.POST("/v1/orders/{id}/refund", {
      params: { path: { id: placed.id }, header: { "Idempotency-Key": "refund" } },
      body,
    }),
  );
  throw new Error("a buyer refunded their own order");
} catch (error) {
  if (!(error instanceof ApiError && error.code === "FORBIDDEN")) {
    throw error;
  }
}
/** Refunds a part of the order, or the rest. */
async function refund(key: string, body: Schemas["RefundOrderRequest"]): Promise<Schemas["Order"]> {
  const params = { path: { id: placed.id }, header: { "Idempotency-Key": key } };
  const { data: order } = await unwrap(seller.POST("/v1/orders/{id}/refund", { params, body }));
  return order;
}

const { refunds } = await refund("one-tea", {
  lines: [{ productId: product.id, quantity: 1 }],
  reason: "one packet is damaged",
});
await refund("rest", { reason: "the other one, too" });
const refunded = await waitForStatus(buyer, placed.id, "refunded");
console.log(
  JSON.stringify({ confirmed: confirmed.total, tax: confirmed.tax, refunds, status: refunded.status }),
);
