/** What a plugin asks for, is granted and may do, for people and as JSON. Values of variables are never shown. */
import type { Permissions } from '../app.ts';
import {
  type DirectoryGrant,
  type Grants,
  type HttpGrant,
  type ListenGrant,
  listenText,
  type SocketGrant,
} from '../model/grant.ts';
import { defaultLimits, type Limits, settingName } from '../model/limits.ts';

/** Permissions as JSON: variables by name only, authorities by the file that they are in. */
export function permissionsJson({ asked, granted, effective, limits }: Permissions): Record<string, unknown> {
  return {
    asked: grantsJson(asked),
    granted: grantsJson(granted),
    effective: grantsJson(effective),
    limits: { ...limits, workers: Object.fromEntries(limits.workers) },
  };
}

function grantsJson({ env, http, ...others }: Grants): Record<string, unknown> {
  return { ...(env && { env: Object.keys(env) }), ...(http && { http: http.map(httpJson) }), ...others };
}

function httpJson({ authorities, ...others }: HttpGrant): Record<string, unknown> {
  return { ...others, ...(authorities && { caFile: authorities.file }) };
}

/** The lines of asked, granted and effective, each under its title, and the limits that are no defaults. */
export function permissionLines({ asked, granted, effective, limits }: Permissions): string[] {
  return [
    ...titled('asked', grantLines(asked)),
    ...titled('granted', grantLines(granted)),
    ...titled('effective', grantLines(effective)),
    ...titled('limits', limitLines(limits.effective, defaultLimits), "the host's defaults"),
    ...[...limits.workers].flatMap(([worker, own]) =>
      titled(`limits of worker ${JSON.stringify(worker)}`, limitLines(own, limits.effective), ' the same'),
    ),
  ];
}

function titled(title: string, lines: readonly string[], none = 'nothing'): string[] {
  return lines.length === 0 ? [`${title.padEnd(10)}${none}`] : [title, ...lines.map((line) => `  ${line}`)];
}

function grantLines({ env, clock, filesystem = [], http = [], sockets = [], listen = [] }: Grants): string[] {
  return [
    ...Object.keys(env ?? {}).map((name) => `env ${name}`),
    ...(clock === 'fine' ? ['clock fine'] : []),
    ...filesystem.map(directoryLine),
    ...http.map(httpLine),
    ...sockets.map(socketLine),
    ...listen.map((grant) => `listen ${protocolText(grant)}${listenText(grant)}`),
  ];
}

function directoryLine({ guest, host, access, maxBytes, maxFiles }: DirectoryGrant): string {
  const quotas = [
    ...(maxBytes === undefined ? [] : [`${maxBytes} bytes`]),
    ...(maxFiles === undefined ? [] : [`${maxFiles} files`]),
  ];
  const most = quotas.length > 0 ? `, at most ${quotas.join(' and ')}` : '';
  return `filesystem ${guest}${host === undefined ? '' : ` = ${host}`}, ${access}${most}`;
}

function httpLine({ scheme, host, port, methods = ['GET', 'HEAD'], privateAddresses, authorities }: HttpGrant): string {
  const at = port === undefined ? '' : `:${port}`;
  const trust = authorities ? `, vouched for by ${authorities.file}` : '';
  return `http ${methods.join(', ')} ${scheme}://${host}${at}${privateText(privateAddresses)}${trust}`;
}

function socketLine(grant: SocketGrant): string {
  const { host, port, privateAddresses } = grant;
  return `sockets ${protocolText(grant)}${host}:${port}${privateText(privateAddresses)}`;
}

function protocolText({ protocol }: SocketGrant | ListenGrant): string {
  return protocol === 'udp' ? 'udp ' : '';
}

function privateText(allowed: boolean | undefined): string {
  return allowed ? ', also at private addresses' : '';
}

/** Those that differ from `base`. */
function limitLines(limits: Limits, base: Limits): string[] {
  const names = Object.keys(limits) as (keyof Limits)[];
  return names.filter((name) => limits[name] !== base[name]).map((name) => `${settingName(name)} ${limits[name]}`);
}
