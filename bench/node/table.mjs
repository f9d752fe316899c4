// What both functions need: the table, and idempotency in it as Powertools does it.

import { IdempotencyConfig } from '@aws-lambda-powertools/idempotency';
import { DynamoDBPersistenceLayer } from '@aws-lambda-powertools/idempotency/dynamodb';
import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';

export const client = new DynamoDBClient({});
export const tableName = process.env.AGORA_TABLE;

export const persistenceStore = new DynamoDBPersistenceLayer({
  tableName,
  keyAttr: 'pk',
  sortKeyAttr: 'sk',
  staticPkValue: 'bench-idempotency',
  awsSdkV3Client: client,
});

/** Idempotency by this part of what comes. */
export const idempotentBy = (eventKeyJmesPath) => new IdempotencyConfig({ eventKeyJmesPath });

const metrics = new Metrics({ namespace: 'Bench', serviceName: 'bench' });

/** One line of metrics. */
export function countOne(name) {
  metrics.addMetric(name, MetricUnit.Count, 1);
  metrics.publishStoredMetrics();
}
