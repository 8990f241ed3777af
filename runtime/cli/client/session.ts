/** One connection for one command: made, used, closed; what fails on it becomes an error of the command line. */
import { WireClient } from '../../api/client.ts';
import { WireSchema } from '../../api/schema.ts';
import { CliError } from '../exit-codes.ts';
import { type Connection, resolveConnection } from './connection.ts';
import { failureError } from './failures.ts';
import type { ConnectionOptions } from './options.ts';

/** The header that carries the token. */
const tokenHeader = 'jobworkerp-auth';
/** How long a question may take that no job has to be waited for, in milliseconds. */
const questionMs = 30_000;

/** What a command works with. */
export interface Session {
  readonly client: WireClient;
  readonly schema: WireSchema;
  readonly address: string;
  /** Options of calls that the server answers at once. */
  readonly question: { readonly timeoutMs: number };
}

/** Opens a connection for `use`. `subject` is what the command is about, for errors: `worker 'greeter'`. */
export async function withSession<T>(
  options: ConnectionOptions,
  subject: string,
  use: (session: Session) => Promise<T>,
): Promise<T> {
  const connection = await resolveConnection(options);
  const schema = new WireSchema();
  const client = connect(connection, schema);
  try {
    return await use({ client, schema, address: connection.address, question: { timeoutMs: questionMs } });
  } catch (thrown) {
    const failure = client.failure(thrown);
    throw failure ? failureError(failure, subject, connection) : thrown;
  } finally {
    client.close();
  }
}

function connect({ address, token, tls }: Connection, schema: WireSchema): WireClient {
  const headers = token === undefined ? {} : { [tokenHeader]: token };
  try {
    return new WireClient(address, schema, { headers, ...(tls && { tls }) });
  } catch (error) {
    // What OpenSSL says of a text that is no certificate, or of a key that is another certificate's.
    const why = error instanceof Error ? error.message : String(error);
    throw new CliError('usage', `${address}: the TLS files cannot be used: ${why}`);
  }
}
