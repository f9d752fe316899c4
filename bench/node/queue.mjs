// Queue consumer: processes each message exactly once.

import { BatchProcessor, EventType, processPartialResponse } from '@aws-lambda-powertools/batch';
import { makeIdempotent } from '@aws-lambda-powertools/idempotency';
import { PutItemCommand } from '@aws-sdk/client-dynamodb';

import { run } from './runtime.mjs';
import { client, countOne, idempotentBy, persistenceStore, tableName } from './table.mjs';

const config = idempotentBy('messageId');
const processor = new BatchProcessor(EventType.SQS);

const processRecord = makeIdempotent(
  async (record) => {
    JSON.parse(record.body);
    const key = { pk: { S: `bench-effect#${record.messageId}` }, sk: { S: 'effect' } };
    const item = { ...key, body: { S: record.body } };
    await client.send(new PutItemCommand({ TableName: tableName, Item: item }));
    return 'done';
  },
  { persistenceStore, config },
);

await run(async (event, context) => {
  countOne('Batches');
  config.registerLambdaContext(context);
  return processPartialResponse(event, processRecord, processor, { context });
});
