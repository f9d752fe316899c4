/** Client of the Agora API. Paths, parameters, bodies and responses are typed by the API description. */

import createFetchClient, { type Client } from "openapi-fetch";

import type { components, paths } from "./schema.js";

/** Schemas of the API description by name. */
export type Schemas = components["schemas"];

/** Typed client of the API. */
export type Agora = Client<paths>;

/** Error response of the API. */
export class ApiError extends Error {
  override readonly name = "ApiError";

  constructor(readonly problem: Schemas["Problem"]) {
    super(`${problem.status} ${problem.error.code}: ${problem.error.message}`);
  }

  /** Stable error code. */
  get code(): string {
    return this.problem.error.code;
  }
}

/**
 * Creates a client of the API at `baseUrl`. Requests are anonymous if `accessToken` returns no token.
 *
 * @example
 * const api = agora("http://localhost:3000", () => tokens.accessToken);
 * const { data: markets } = await unwrap(api.GET("/v1/markets"));
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

/** Returns the body of a successful response, and throws an {@link ApiError} otherwise. */
export async function unwrap<T>(request: Promise<{ data?: T; error?: unknown; response: Response }>): Promise<T> {
  const { data, error, response } = await request;
  if (response.ok) {
    return data as T;
  }
  throw new ApiError(error as Schemas["Problem"]);
}
