// What a load is made of, for k6: scenarios that begin so many requests a second, whether or not earlier ones were answered.
// `bench load` says which (PLAN), of which shop (URL, TOKENS, PRODUCT), and reads what came of them (SUMMARY).

import { check } from 'k6';
import exec from 'k6/execution';
import http from 'k6/http';
import { Counter } from 'k6/metrics';

const plan = JSON.parse(__ENV.PLAN);
const tokens = __ENV.TOKENS.split(' ');
const url = __ENV.URL;

// As the answer should be, in time; refused because there is too much; anything else.
const good = new Counter('good');
const shed = new Counter('shed');
const bad = new Counter('bad');

// k6 sums up by scenario only what has a threshold.
const thresholds = {};
for (const scenario of Object.keys(plan)) {
  thresholds[`http_req_duration{scenario:${scenario},expected_response:true}`] = ['max>=0'];
  for (const metric of ['good', 'shed', 'bad', 'dropped_iterations', 'checks']) {
    thresholds[`${metric}{scenario:${scenario}}`] = [metric === 'checks' ? 'rate>=0' : 'count>=0'];
  }
}

export const options = {
  scenarios: plan,
  thresholds,
  summaryTrendStats: ['p(50)', 'p(99)', 'max'],
};

// How long somebody waits for an answer that is still of use, in milliseconds.
const PATIENCE = 1000;

function judge(answer, status) {
  if (answer.status === status && answer.timings.duration <= PATIENCE) {
    good.add(1);
  } else if (answer.status === 429) {
    shed.add(1);
    // The gateway's own answer is a message; a function's says when to come back.
    check(answer, {
      'a refusal says what it is': (refusal) =>
        refusal.json('message') === 'Too Many Requests' ||
        (refusal.json('error.code') === 'RATE_LIMITED' && Number(refusal.headers['Retry-After']) > 0),
    });
  } else {
    bad.add(1);
    console.error(`${answer.request.method} ${answer.status} after ${answer.timings.duration} ms: ${answer.body}`);
  }
}

function headers(token) {
  return { headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' } };
}

// Of this iteration alone: each order is another.
function key() {
  const { name, startTime, iterationInTest } = exec.scenario;
  return `${name}-${startTime}-${iterationInTest}`;
}

// All but the last of the callers take turns.
function caller() {
  return tokens[exec.scenario.iterationInTest % (tokens.length - 1)];
}

// A product that everybody reads.
export function read() {
  judge(http.get(`${url}/v1/products/${__ENV.PRODUCT}`, headers(caller())), 200);
}

// The same by somebody who asks for more than they may: the last of them.
export function greedy() {
  judge(http.get(`${url}/v1/products/${__ENV.PRODUCT}`, headers(tokens[tokens.length - 1])), 200);
}

// An order, paid by card.
export function order() {
  const body = { items: [{ productId: __ENV.PRODUCT, quantity: 1 }], paymentMethod: 'pm_card_visa' };
  const asked = headers(caller());
  asked.headers['idempotency-key'] = key();
  judge(http.post(`${url}/v1/orders`, JSON.stringify(body), asked), 201);
}

export function handleSummary(data) {
  return { [__ENV.SUMMARY]: JSON.stringify(data.metrics) };
}
