/** The options that all commands of a client share. Light: it is loaded for every command line. */
import { type Command, Option } from 'commander';

/** As the command line and the environment have them; the profile is not looked at yet. */
export interface ConnectionOptions {
  readonly profile?: string;
  readonly address?: string;
  readonly tokenFile?: string;
  readonly plaintextToken?: true;
  readonly tls?: boolean;
  readonly tlsCa?: string;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly tlsServerName?: string;
  readonly json?: true;
}

/** The environment of the connection; a flag beats it. Not the names of a server's own settings: both may be on one machine. */
export const connectionEnv = {
  profile: 'BULKHEAD_PROFILE',
  address: 'BULKHEAD_ADDRESS',
  tlsCa: 'BULKHEAD_TLS_CA',
  tlsCert: 'BULKHEAD_TLS_CLIENT_CERT',
  tlsKey: 'BULKHEAD_TLS_CLIENT_KEY',
  tlsServerName: 'BULKHEAD_TLS_SERVER_NAME',
} as const;

/** Adds the options of the connection to a command that has its own already, and the help after them. */
export function connected(command: Command, help: string): Command {
  const heading = 'Connection:';
  const add = (flags: string, description: string, env?: string): void => {
    // Said here, read by `connection.ts`: completion reads it, too, and knows no parsed options.
    command.addOption(new Option(flags, env ? `${description} (env: ${env})` : description).helpGroup(heading));
  };
  command.option('--json', 'print JSON');
  add('--profile <PROFILE>', 'profile of profiles.toml', connectionEnv.profile);
  add('--address <HOST:PORT>', 'server; 127.0.0.1:9000 unless the profile says otherwise', connectionEnv.address);
  add('--token-file <FILE>', 'file with the token (env: BULKHEAD_TOKEN_FILE; BULKHEAD_TOKEN is the token itself)');
  add('--plaintext-token', 'send the token without TLS, too', 'BULKHEAD_PLAINTEXT_TOKEN');
  add('--tls', 'encrypt, with the authorities that Node knows', 'BULKHEAD_TLS');
  add('--no-tls', 'do not encrypt, whatever the profile says');
  add('--tls-ca <FILE>', 'authorities, PEM', connectionEnv.tlsCa);
  add('--tls-cert <FILE>', "the client's certificate, PEM", connectionEnv.tlsCert);
  add('--tls-key <FILE>', "the certificate's key, PEM", connectionEnv.tlsKey);
  add('--tls-server-name <NAME>', "name in the server's certificate", connectionEnv.tlsServerName);
  return command.addHelpText('after', help);
}
