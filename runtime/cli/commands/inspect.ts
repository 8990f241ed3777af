/** `bulkhead inspect`: what a component is, what it takes and gives, what it asks of the host and what it gets. */
import { statSync } from 'node:fs';
import { Command } from 'commander';
import type { AdmittedPlugin } from '../../executor/executor.ts';
import type { MethodDescription } from '../../model/method.ts';
import { type Isolation, isolationOf, isolationText } from '../isolation.ts';
import type { LocalOptions, LocalPlugin } from '../local-plugin.ts';
import { permissionLines, permissionsJson } from '../permission-lines.ts';
import { cacheOption, grantsOption, json } from '../values.ts';
import { sizeText } from './build.ts';

const help = `
The component is loaded in its sandbox and asked to describe itself. A file that a server would refuse is
refused here, with the same line and exit code 1. What its manifest asks for is shown beside what --grants allows
and what comes of both.

Jobs of one worker are kept apart by putting an instance back to its state after load(), or where that cannot be done
by a new instance for each. To tell which, load() is run: with empty settings and nothing granted, or with --settings
and with what --grants allows; a load() that fails with --settings is exit code 1.

Examples:
  $ bulkhead inspect plugin.wasm
  $ bulkhead inspect plugin.wasm --grants grants.toml
  $ bulkhead inspect plugin.wasm --settings '{"url":"http://example.com"}'
  $ bulkhead inspect demo                              builds ./demo first
  $ bulkhead inspect plugin.wasm --json | jq .methods`;

interface InspectOptions extends LocalOptions {
  readonly json?: true;
  readonly settings?: unknown;
}

export function inspectCommand(): Command {
  return new Command('inspect')
    .description('show the world, methods, schemas, imports and permissions of a component')
    .argument('<FILE>', 'component, or folder of a plugin crate')
    .option('--json', 'print JSON')
    .option('-s, --settings <JSON>', "a worker's settings, to run load() with", json)
    .addOption(grantsOption())
    .addOption(cacheOption())
    .addHelpText('after', help)
    .action(async (path: string, options: InspectOptions) => {
      const { withPlugin } = await import('../local-plugin.ts');
      const text = await withPlugin(path, options, async (local) => {
        const facts = jsonOf(local, await isolationOf(local, options.settings));
        return options.json ? `${JSON.stringify(facts, null, 2)}\n` : textOf(local, facts);
      });
      process.stdout.write(text);
    });
}

/** The version of our WIT package that the component was built against; a host admits its own only. */
function apiVersion(plugin: AdmittedPlugin): string {
  const own = plugin.imports.find((name) => name.startsWith('bulkhead:plugin/'));
  return own?.split('@')[1] ?? '';
}

function jsonOf({ plugin, manifest, permissions }: LocalPlugin, isolation: Isolation) {
  const { name, description, settingsProto, methods } = plugin.runner;
  return {
    path: plugin.path,
    digest: plugin.digest,
    bytes: statSync(plugin.path).size,
    api: `bulkhead:plugin@${apiVersion(plugin)}`,
    facets: plugin.facets,
    name,
    ...(manifest.path !== undefined && { manifest: manifest.path, version: manifest.version }),
    description,
    settingsProto,
    methods,
    imports: plugin.imports,
    isolation,
    permissions: permissionsJson(permissions),
  };
}

function textOf({ permissions }: LocalPlugin, facts: ReturnType<typeof jsonOf>): string {
  const { path, bytes, digest, api, facets, name, version, manifest, description, settingsProto, methods, imports } =
    facts;
  const head = [
    `${name}: ${description}`,
    '',
    `file      ${path} (${sizeText(bytes)})`,
    `digest    ${digest}`,
    `manifest  ${manifest === undefined ? 'none' : `${manifest} (version ${version})`}`,
    `API       ${api}`,
    `facets    ${facets.join(', ')}`,
    `isolation ${isolationText(facts.isolation)}`,
    ...section('settings', settingsProto, '  '),
  ];
  return [
    ...head,
    '',
    'methods',
    ...methods.flatMap(methodText),
    '',
    'imports',
    ...imports.map((each) => `  ${each}`),
    '',
    ...permissionLines(permissions),
    '',
  ].join('\n');
}

function methodText(method: MethodDescription): string[] {
  const about = [method.outputType, ...(method.needFeed ? ['reads a feed'] : [])].join(', ');
  return [
    `  ${method.name} (${about})${method.description ? `: ${method.description}` : ''}`,
    ...section('    args', method.argsProto, '      '),
    ...section('    result', method.resultProto, '      '),
    ...(method.needFeed ? section('    feed', method.feedDataProto ?? '', '      ') : []),
  ];
}

/** A schema's text below its title, without the lines that are the same everywhere. */
function section(title: string, proto: string, indent: string): string[] {
  const lines = proto.split('\n').filter((line) => !/^\s*(syntax\b.*|package\b.*)?$/.test(line));
  if (lines.length === 0) return [`${title.padEnd(10)}${title.startsWith(' ') ? ' ' : ''}plain bytes`];
  return [title, ...lines.map((line) => `${indent}${line.trimEnd()}`)];
}
