/** A client of the Agora API. Paths, parameters, bodies and answers are typed by the API's own description. */

import createFetchClient, { type Client } from "openapi-fetch";

import type { components, paths } from "./schema.js";

/** What the API speaks of, by the names of its description. */
export type Schemas = components["schemas"];

/** The API, as fetched from one address. */
export type Agora = Client<paths>;

/** A request that the API did not carry out. */
export class Refusal extends Error {
  override readonly name = "Refusal";

  constructor(readonly problem: Schemas["Problem"]) {
    super(`${problem.status} ${problem.error.code}: ${problem.error.message}`);
  }

  /** What went wrong, in a word that never changes its meaning. */
  get code(): string {
    return this.problem.error.code;
  }
}

/**
 * The API at `baseUrl`, on behalf of whoever the access token belongs to; of nobody without one.
 *
 * @example
 * const api = agora("http://localhost:3000", () => tokens.accessToken);
 * const { data: markets } = await told(api.GET("/v1/markets"));
 */
export function agora(baseUrl: string, accessToken?: () => string | undefined): Agora {
  const client = createFetchClient<paths>({ baseUrl });
  client.use({
    onRequest({ request }) {
      const token = accessToken?.();
      if (token !== undefined) {
        request.headers.set("authorization", `Bearer ${token}`);
      }
      return request;
    },
  });
  return client;
}

/** What was asked for. A problem is thrown as a {@link Refusal}. */
export async function told<T>(asked: Promise<{ data?: T; error?: unknown; response: Response }>): Promise<T> {
  const { data, error, response } = await asked;
  if (response.ok) {
    return data as T;
  }
  throw new Refusal(error as Schemas["Problem"]);
}
