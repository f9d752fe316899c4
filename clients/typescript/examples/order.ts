/** A seller creates a market, a buyer places an order, and the seller refunds it: `node order.js http://localhost:3000`. */

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

const request = {
  params: { header: { "Idempotency-Key": "first-order" } },
  body: { items: [{ productId: product.id, quantity: 2, expectedPrice: price }], paymentMethod: "pm_card_visa" },
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
await unwrap(
  seller.POST("/v1/orders/{id}/refund", {
    params: { path: { id: placed.id }, header: { "Idempotency-Key": "refund" } },
    body: { reason: "arrived cracked" },
  }),
);
const refunded = await waitForStatus(buyer, placed.id, "refunded");
console.log(JSON.stringify({ confirmed: confirmed.total, status: refunded.status }));
