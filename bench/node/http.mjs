// HTTP function: reads an order with one request, or places one under an idempotency key.

import { makeIdempotent } from '@aws-lambda-powertools/idempotency';
import { GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';

import { run } from './runtime.mjs';
import { client, countOne, idempotentBy, persistenceStore, tableName } from './table.mjs';

const config = idempotentBy('headers."idempotency-key"');

const place = makeIdempotent(
  async (event) => {
    const key = event.headers['idempotency-key'];
    const body = JSON.parse(event.body);
    const item = { pk: { S: `bench-order#${key}` }, sk: { S: 'order' }, body: { S: event.body } };
    await client.send(new PutItemCommand({ TableName: tableName, Item: item }));
    return json(201, { id: key, status: 'pending', body });
  },
  { persistenceStore, config },
);

async function show(event) {
  const id = event.rawPath.split('/').at(-1);
  const key = { pk: { S: `order#${id}` }, sk: { S: 'order' } };
  const { Item: item } = await client.send(new GetItemCommand({ TableName: tableName, Key: key }));
  return item ? json(200, item) : json(404, {});
}

const json = (statusCode, body) => ({
  statusCode,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(body),
});

await run(async (event, context) => {
  countOne('Requests');
  config.registerLambdaContext(context);
  return event.headers['idempotency-key'] ? place(event, context) : show(event);
});
