/** The fields of both files that say what of the network a plugin may reach, and where it may be reached. */

/** The most entries of a list. */
const mostEntries = 256;

const host = {
  kind: 'text',
  about: 'Host name, in lower case; a name with a leading `*.` for all below it; or an IP address.',
  pattern:
    '^(?=.{1,253}$)(?:(?:\\*\\.)?[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?(?:\\.[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?)*|[0-9a-f:.]*:[0-9a-f:.]*)$',
  expected: 'a host name in lower case, such as api.example.com or *.example.com, or an IP address without brackets',
} as const;
const port = { kind: 'whole', about: 'Port.', least: 1, most: 65_535 } as const;
const privateAddresses = {
  kind: 'flag',
  about: 'The host may resolve to addresses that are not public: loopback, private, link-local and the like.',
} as const;

export const http = {
  kind: 'list',
  about: 'Where the plugin may send HTTP requests.',
  most: mostEntries,
  of: {
    kind: 'table',
    about: 'One destination.',
    required: ['scheme', 'host'],
    fields: {
      scheme: { kind: 'choice', about: 'Scheme.', of: ['http', 'https'] },
      host,
      port: { ...port, about: "Port; the scheme's own where it is left out." },
      methods: {
        kind: 'list',
        about: 'Methods; GET and HEAD where it is left out.',
        most: 16,
        of: {
          kind: 'text',
          about: 'Method.',
          pattern: '^[A-Z]{1,32}$',
          expected: 'a method in capitals, such as POST',
        },
      },
      private_addresses: privateAddresses,
    },
  },
} as const;

/** The operator's entries, who also say whom to trust. */
export const grantedHttp = {
  ...http,
  of: {
    ...http.of,
    fields: {
      ...http.of.fields,
      ca_file: {
        kind: 'text',
        about:
          'Certificates in PEM: one of these authorities, and no public one, has to vouch for the host. A relative path begins where the file is.',
        pattern: '^.+$',
        expected: 'the path of a file',
      },
    },
  },
} as const;

const protocol = { kind: 'choice', about: '`tcp` where it is left out.', of: ['tcp', 'udp'] } as const;

export const sockets = {
  kind: 'list',
  about: 'Where the plugin may open TCP connections, and with whom it may exchange UDP datagrams.',
  most: mostEntries,
  of: {
    kind: 'table',
    about: 'One destination.',
    required: ['host', 'port'],
    fields: { protocol, host, port, private_addresses: privateAddresses },
  },
} as const;

export const listen = {
  kind: 'list',
  about: 'Where the plugin may wait for TCP connections, or for UDP datagrams of the peers in `sockets`.',
  most: mostEntries,
  of: {
    kind: 'table',
    about: 'One address of the host, with its ports.',
    required: ['address', 'port'],
    fields: {
      protocol,
      address: {
        kind: 'text',
        about: 'IP address of the host; 0.0.0.0 and :: stand for all of a family.',
        pattern: '^(?:\\d{1,3}(?:\\.\\d{1,3}){3}|[0-9a-f:.]*:[0-9a-f:.]*)$',
        expected: 'an IP address without brackets, such as 127.0.0.1 or ::1',
      },
      port: {
        ...port,
        about: 'The port, or the first of several; a plugin that binds to port 0 gets a free one of them.',
      },
      last_port: { ...port, about: 'The last port, where there are several.' },
    },
  },
} as const;
