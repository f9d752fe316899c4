// k6 script of the load test: scenarios that start requests at a fixed rate, independent of responses (open
// loop). `bench load` passes the scenarios (PLAN) and the target (URL, TOKENS, PRODUCT), and reads the
// summary (SUMMARY).

import { check } from 'k6';
import exec from 'k6/execution';
import http from 'k6/http';
import { Counter } from 'k6/metrics';

const plan = JSON.parse(__ENV.PLAN);
const tokens = __ENV.TOKENS.split(' ');
const url = __ENV.URL;

// good: expected response in time; shed: rejected with 429; failed: everything else.
const good = new Counter('good');
const shed = new Counter('shed');
const failed = new Counter('failed');

// k6 aggregates a metric by scenario only if the metric has a threshold.
const thresholds = {};
for (const scenario of Object.keys(plan)) {
  thresholds[`http_req_duration{scenario:${scenario},expected_response:true}`] = ['max>=0'];
  for (const metric of ['good', 'shed', 'failed', 'dropped_iterations', 'checks']) {
    thresholds[`${metric}{scenario:${scenario}}`] = [metric === 'checks' ? 'rate>=0' : 'count>=0'];
  }
}

export const options = {
  scenarios: plan,
  thresholds,
  summaryTrendStats: ['p(50)', 'p(99)', 'max'],
};

// Maximum duration of a good response, in milliseconds.
const MAX_DURATION_MS = 1000;

function classify(response, status) {
  if (response.status === status && response.timings.duration <= MAX_DURATION_MS) {
    good.add(1);
  } else if (response.status === 429) {
    shed.add(1);
    // API Gateway responds with a message only; a function with an error code and Retry-After.
    check(response, {
      'rejection is well-formed': (rejection) =>
        rejection.json('message') === 'Too Many Requests' ||
        (rejection.json('error.code') === 'RATE_LIMITED' && Number(rejection.headers['Retry-After']) > 0),
    });
  } else {
    failed.add(1);
    const { method } = response.request;
    console.error(`${method} ${response.status} after ${response.timings.duration} ms: ${response.body}`);
  }
}

function headers(token) {
  return { headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' } };
}

// Idempotency key of this iteration.
function idempotencyKey() {
  const { name, startTime, iterationInTest } = exec.scenario;
  return `${name}-${startTime}-${iterationInTest}`;
}

// Round-robin over all callers except the last.
function caller() {
  return tokens[exec.scenario.iterationInTest % (tokens.length - 1)];
}

// Reads the same product in every iteration.
export function read() {
  classify(http.get(`${url}/v1/products/${__ENV.PRODUCT}`, headers(caller())), 200);
}

// The same read by the last caller, who exceeds their rate limit.
export function greedy() {
  classify(http.get(`${url}/v1/products/${__ENV.PRODUCT}`, headers(tokens[tokens.length - 1])), 200);
}

// Places an order that is paid by card.
export function order() {
  const body = { items: [{ productId: __ENV.PRODUCT, quantity: 1 }], paymentMethod: 'pm_card_visa' };
  const params = headers(caller());
  params.headers['idempotency-key'] = idempotencyKey();
  classify(http.post(`${url}/v1/orders`, JSON.stringify(body), params), 201);
}

export function handleSummary(data) {
  return { [__ENV.SUMMARY]: JSON.stringify(data.metrics) };
}
