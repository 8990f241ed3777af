/** `bulkhead inspect`: what a component is, what it takes and gives, and what it asks of the host. */
import { statSync } from 'node:fs';
import { Command } from 'commander';
import type { AdmittedPlugin } from '../../executor/executor.ts';
import type { MethodDescription } from '../../model/method.ts';
import { withPlugin } from '../local-plugin.ts';
import { cacheOption } from '../values.ts';
import { sizeText } from './build.ts';

const help = `
The component is loaded in its sandbox and asked to describe itself. A file that a server would refuse is
refused here, with the same line and exit code 1.

Examples:
  $ bulkhead inspect plugin.wasm
  $ bulkhead inspect demo                              builds ./demo first
  $ bulkhead inspect plugin.wasm --json | jq .methods`;

export function inspectCommand(): Command {
  return new Command('inspect')
    .description('show the world, methods, schemas and imports of a component')
    .argument('<FILE>', 'component, or folder of a plugin crate')
    .option('--json', 'print JSON')
    .addOption(cacheOption())
    .addHelpText('after', help)
    .action(async (path: string, options: { json?: true; cache: string }) => {
      const text = await withPlugin(path, options.cache, async ({ plugin }) =>
        options.json ? `${JSON.stringify(jsonOf(plugin), null, 2)}\n` : textOf(plugin),
      );
      process.stdout.write(text);
    });
}

/** The version of our WIT package that the component was built against; a host admits its own only. */
function apiVersion(plugin: AdmittedPlugin): string {
  const own = plugin.imports.find((name) => name.startsWith('bulkhead:plugin/'));
  return own?.split('@')[1] ?? '';
}

function jsonOf(plugin: AdmittedPlugin) {
  const { name, description, settingsProto, methods } = plugin.runner;
  return {
    path: plugin.path,
    digest: plugin.digest,
    bytes: statSync(plugin.path).size,
    api: `bulkhead:plugin@${apiVersion(plugin)}`,
    facets: plugin.facets,
    name,
    description,
    settingsProto,
    methods,
    imports: plugin.imports,
  };
}

function textOf(plugin: AdmittedPlugin): string {
  const { path, bytes, api, facets, name, description, settingsProto, methods, imports } = jsonOf(plugin);
  const head = [
    `${name}: ${description}`,
    '',
    `file      ${path} (${sizeText(bytes)})`,
    `API       ${api}`,
    `facets    ${facets.join(', ')}`,
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
