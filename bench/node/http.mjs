// An order read with one request, and one placed under an idempotency key.

import { makeIdempotent } from '@aws-lambda-powertools/idempotency';
import { GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';

import { run } from './runtime.mjs';
import { client, countOne, idempotentBy, persistenceStore, tableName } from './table.mjs';

const config = idempotentBy('headers."idempotency-key"');

const place = makeIdempotent(
  async (event) => {
    const token = event.headers['idempotency-key'];
    const wish = JSON.parse(event.body);
    const item = { pk: { S: `bench-order#${token}` }, sk: { S: 'order' }, wish: { S: event.body } };
    await client.send(new PutItemCommand({ TableName: tableName, Item: item }));
    return json(201, { id: token, status: 'pending', wish });
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
