// Shared by both functions: the DynamoDB client and the idempotency settings of Powertools.

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

/** Idempotency configuration with the key at a JMESPath of the event. */
export const idempotentBy = (eventKeyJmesPath) => new IdempotencyConfig({ eventKeyJmesPath });

const metrics = new Metrics({ namespace: 'Bench', serviceName: 'bench' });

/** Prints one metrics line. */
export function countOne(name) {
  metrics.addMetric(name, MetricUnit.Count, 1);
  metrics.publishStoredMetrics();
}
