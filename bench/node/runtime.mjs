// Event loop of a custom runtime ("Using the Lambda runtime API for custom runtimes").

const invocations = `http://${process.env.AWS_LAMBDA_RUNTIME_API}/2018-06-01/runtime/invocation`;

/** Handles events with `handler` until the process is terminated. */
export async function run(handler) {
  for (;;) {
    const next = await fetch(`${invocations}/next`);
    const id = next.headers.get('lambda-runtime-aws-request-id');
    const deadline = Number(next.headers.get('lambda-runtime-deadline-ms'));
    const event = await next.json();
    const context = {
      awsRequestId: id,
      functionName: process.env.AWS_LAMBDA_FUNCTION_NAME,
      getRemainingTimeInMillis: () => deadline - Date.now(),
    };
    try {
      await post(`${invocations}/${id}/response`, await handler(event, context));
    } catch (error) {
      await post(`${invocations}/${id}/error`, { errorType: error.name, errorMessage: error.message });
    }
  }
}

async function post(url, body) {
  const response = await fetch(url, { method: 'POST', body: JSON.stringify(body) });
  await response.arrayBuffer();
}
