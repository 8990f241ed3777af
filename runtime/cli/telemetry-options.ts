/** What of the settings is about who watches: metrics and traces. */
import { readFileSync, statSync } from 'node:fs';
import type { AppOptions } from '../app.ts';
import type { Values } from '../config/resolve.ts';
import { BulkheadError } from '../errors.ts';
import { checkMetricsAddress } from '../telemetry/metrics-server.ts';
import { address } from './values.ts';
import { version } from './version.ts';

/** Permission of those who are neither owner nor group. */
const worldReadable = 0o004;

/** Throws `config-invalid` where the token cannot be read, or the metrics would be open to everybody unsaid. */
export function telemetryOptions(values: Values): Pick<AppOptions, 'metrics' | 'tracing' | 'version'> {
  const metrics = metricsOptions(values);
  const { 'tracing.endpoint': endpoint, 'tracing.one_in': oneIn, 'tracing.service': service } = values;
  return {
    version: version(),
    ...(metrics && { metrics }),
    ...(endpoint !== undefined && { tracing: { endpoint, oneIn, service } }),
  };
}

function metricsOptions(values: Values): AppOptions['metrics'] {
  const { 'metrics.listen': listen, 'metrics.token_file': tokenFile } = values;
  if (listen === undefined) return undefined;
  const metrics = {
    ...address(listen),
    ...(tokenFile !== undefined && { token: readToken(tokenFile) }),
    anonymous: values['metrics.anonymous'],
    workers: values['metrics.workers'],
  };
  checkMetricsAddress(metrics);
  return metrics;
}

/** Throws `config-invalid` where the file is not there, empty, or open to everybody on this machine. */
function readToken(path: string): string {
  const refuse = (why: string): BulkheadError =>
    new BulkheadError('config-invalid', `metrics.token_file: ${path} ${why}`);
  let token: string;
  try {
    if ((statSync(path).mode & worldReadable) !== 0) throw refuse(`can be read by everybody; run: chmod 600 ${path}`);
    token = readFileSync(path, 'utf8').trim();
  } catch (thrown) {
    if (thrown instanceof BulkheadError) throw thrown;
    throw refuse(`cannot be read: ${thrown instanceof Error ? thrown.message : String(thrown)}`);
  }
  if (!/^[!-~]{16,512}$/.test(token)) throw refuse('has no token: 16 to 512 letters, digits and signs without spaces');
  return token;
}
