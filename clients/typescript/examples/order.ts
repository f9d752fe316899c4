/** A seller opens a market, a buyer buys from it, and gets some of the money back: `node order.js http://localhost:3000`. */

import { setTimeout as wait } from "node:timers/promises";

import { agora, type Agora, Refusal, type Schemas, told } from "../src/client.js";

const baseUrl = process.argv[2] ?? "http://localhost:3000";

/** Registers somebody, and logs them in. */
async function somebody(name: string): Promise<Agora> {
  const anybody = agora(baseUrl);
  const account = { email: `${name}-${Date.now()}@example.com`, password: "correct horse battery" };
  await told(anybody.POST("/v1/auth/register", { body: { ...account, name } }));
  const { data: tokens } = await told(anybody.POST("/v1/auth/login", { body: account }));
  return agora(baseUrl, () => tokens.accessToken);
}

/** The order, once its status is `status`. */
async function settled(api: Agora, id: string, status: Schemas["OrderStatus"]): Promise<Schemas["Order"]> {
  const path = { id };
  for (let attempt = 0; attempt < 200; attempt += 1) {
    const { data: order } = await told(api.GET("/v1/orders/{id}", { params: { path } }));
    if (order.status === status) {
      return order;
    }
    await wait(100);
  }
  throw new Error(`the order is not ${status}`);
}

const seller = await somebody("seller");
const buyer = await somebody("buyer");

const price = { amount: 1999, currency: "EUR" } as const;
const { data: market } = await told(
  seller.POST("/v1/markets", {
    body: { name: "Tea and more", currency: "EUR", products: [{ sku: "TEA-100", title: "Tea", price, stock: 10 }] },
  }),
);
const { data: products } = await told(
  buyer.GET("/v1/markets/{marketId}/products", { params: { path: { marketId: market.id } } }),
);
const product = products[0];
if (product === undefined) {
  throw new Error("the market has no product");
}

const placing = {
  params: { header: { "Idempotency-Key": "first-order" } },
  body: { items: [{ productId: product.id, quantity: 2, expectedPrice: price }], paymentMethod: "pm_card_visa" },
};
const { data: placed } = await told(buyer.POST("/v1/orders", placing));
const { data: again } = await told(buyer.POST("/v1/orders", placing));
if (again.id !== placed.id) {
  throw new Error("the same request placed two orders");
}
const confirmed = await settled(buyer, placed.id, "confirmed");

try {
  const body = { reason: "not mine to give" };
  await told(
    buyer.POST("/v1/orders/{id}/refund", {
      params: { path: { id: placed.id }, header: { "Idempotency-Key": "refund" } },
      body,
    }),
  );
  throw new Error("a buyer refunded their own order");
} catch (refusal) {
  if (!(refusal instanceof Refusal && refusal.code === "FORBIDDEN")) {
    throw refusal;
  }
}
await told(
  seller.POST("/v1/orders/{id}/refund", {
    params: { path: { id: placed.id }, header: { "Idempotency-Key": "refund" } },
    body: { reason: "arrived cracked" },
  }),
);
const refunded = await settled(buyer, placed.id, "refunded");
console.log(JSON.stringify({ confirmed: confirmed.total, status: refunded.status }));
