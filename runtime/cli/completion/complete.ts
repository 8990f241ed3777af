/**
 * What can stand at the cursor: commands, options, their choices, and names that a server is asked for.
 *
 * The commands themselves are the only source. What a value is follows from its placeholder: `<FILE>` is a file,
 * `<WORKER>` one of the server's workers. Libraries for this turn file completion off or evaluate the line.
 */
import type { Argument, Command, Option } from 'commander';
import { namesOf } from './names.ts';

/** One thing that can stand there. */
export interface Candidate {
  readonly value: string;
  readonly about?: string;
}

/** Where the cursor is. */
interface Place {
  readonly command: Command;
  /** The words before the cursor that are neither command nor option nor an option's value. */
  readonly positionals: readonly string[];
  /** The option whose value is to be completed. */
  readonly option?: Option;
  /** The options that were given, with their values. */
  readonly given: Readonly<Record<string, string>>;
}

const placeholders: Readonly<Record<string, string>> = { FILE: ':files', DIR: ':folders' };

/** Lines for the scripts: `value`, a tab, and what it is; or `:files`, `:folders`. */
export async function complete(program: Command, words: readonly string[]): Promise<string> {
  const { before, prefix, current } = cursor(words);
  const candidates = await candidatesAt(placeOf(program, before), current);
  if (typeof candidates === 'string') return `${candidates}\n`;
  return candidates
    .filter(({ value }) => value.startsWith(current) && !/\p{Cc}/u.test(value))
    .map(({ value, about }) => `${prefix}${value}${about ? `\t${about.replace(/[\s\p{Cc}]+/gu, ' ')}` : ''}\n`)
    .join('');
}

/** The words before the one at the cursor. `--option=value` is one word in zsh and fish, and three in bash. */
function cursor(words: readonly string[]): { before: readonly string[]; prefix: string; current: string } {
  const last = words.at(-1) ?? '';
  const before = words.slice(0, -1);
  if (last === '=') return { before, prefix: '', current: '' };
  const [, option, value] = /^(--[\w-]+)=(.*)$/s.exec(last) ?? [];
  if (option === undefined) return { before, prefix: '', current: last };
  return { before: [...before, option], prefix: `${option}=`, current: value ?? '' };
}

function placeOf(program: Command, words: readonly string[]): Place {
  let command = program;
  let option: Option | undefined;
  const positionals: string[] = [];
  const given: Record<string, string> = {};
  for (const word of words) {
    if (option) {
      if (word === '=') continue; // bash cuts `--option=value` into three
      given[option.attributeName()] = word;
      option = undefined;
    } else if (word.startsWith('-') && word !== '-') {
      const [name = '', value] = word.split('=', 2);
      const found = command.options.find((each) => each.long === name || each.short === name);
      if (found && (found.required || found.optional)) {
        if (value === undefined) option = found;
        else given[found.attributeName()] = value;
      }
    } else if (word !== 'help' || positionals.length > 0 || command.commands.length === 0) {
      const inside = positionals.length === 0 ? command.commands.find((each) => each.name() === word) : undefined;
      if (inside) command = inside;
      else positionals.push(word);
    }
  }
  return { command, positionals, given, ...(option && { option }) };
}

async function candidatesAt(place: Place, current: string): Promise<readonly Candidate[] | string> {
  const { command, option, positionals } = place;
  if (option) return await valuesOf(option, option.flags, place, current);
  if (current.startsWith('-')) return optionsOf(command);
  const commands = visibleCommands(command).map((each) => ({ value: each.name(), about: each.description() }));
  if (positionals.length === 0 && commands.length > 0) return commands;
  const { registeredArguments: list } = command;
  const argument = list[positionals.length] ?? (list.at(-1)?.variadic ? list.at(-1) : undefined);
  return argument ? await valuesOf(argument, `<${argument.name()}>`, place, current) : [];
}

function visibleCommands(command: Command): Command[] {
  return command.createHelp().visibleCommands(command);
}

function optionsOf(command: Command): Candidate[] {
  return command
    .createHelp()
    .visibleOptions(command)
    .flatMap((option) => (option.long ? [{ value: option.long, about: option.description }] : []));
}

/** What an argument or option takes, by its choices or its placeholder. */
async function valuesOf(
  taker: Argument | Option,
  flags: string,
  { given, positionals }: Place,
  current: string,
): Promise<readonly Candidate[] | string> {
  if (taker.argChoices) return taker.argChoices.map((value) => ({ value }));
  const placeholder = /[<[]([A-Z:=]+)/.exec(flags)?.[1] ?? '';
  const own = placeholders[placeholder];
  if (own !== undefined) return own;
  if (placeholder === 'JSON') return [{ value: '-' }];
  return await namesOf(placeholder, { given, worker: given.worker ?? positionals[0] }, current);
}
