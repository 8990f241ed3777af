/**
 * Shows that something long goes on: a line that moves on a terminal, one finished line per step in a pipe.
 *
 * It writes to stderr unless told otherwise, so that the output of a command stays clean. The output of the
 * commands that it runs is kept back, and shown where the command fails.
 */
import { spawn } from 'node:child_process';
import { stripVTControlCharacters } from 'node:util';

const frames = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
const frameMs = 100;
/** How often a step says in a pipe that it still runs. */
const stillRunningMs = 30_000;
/** How many lines of a failed command's output are shown, from its beginning and from its end. */
const keptLines = 30;

/**
 * Where progress is shown. A script whose progress is its output sets it to stdout.
 * @type {{ stream: import('node:tty').WriteStream }}
 */
export const progress = { stream: process.stderr };

/** A command of a step ended with another exit code than 0. Its output was shown already. */
export class CommandFailed extends Error {
  /**
   * @param {string} message
   * @param {readonly string[]} output
   */
  constructor(message, output) {
    super(message);
    this.name = 'CommandFailed';
    /** The first and last lines that the command wrote. */
    this.output = output;
  }
}

/**
 * @param {number} milliseconds
 * @returns {string} such as `40 ms`, `1.4 s` and `2 min 05 s`
 */
export function duration(milliseconds) {
  if (milliseconds < 1000) return `${Math.round(milliseconds)} ms`;
  const seconds = milliseconds / 1000;
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  return `${Math.floor(seconds / 60)} min ${String(Math.floor(seconds % 60)).padStart(2, '0')} s`;
}

/**
 * Does `work` under a label, and tells how long it took. `work` gets a function that shows what it is at.
 * @template T
 * @param {string} label
 * @param {(say: (detail: string) => void) => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function step(label, work) {
  const began = Date.now();
  const display = progress.stream.isTTY ? terminalDisplay(label, began) : pipeDisplay(label, began);
  try {
    const result = await work(display.say);
    display.end(`✓ ${label} (${duration(Date.now() - began)})`);
    return result;
  } catch (error) {
    display.end(`✗ ${label} (${duration(Date.now() - began)})`);
    throw error;
  }
}

/**
 * Does `work`. On a terminal a line moves meanwhile, and is gone after it; in a pipe nothing is said.
 * @template T
 * @param {string} label
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function waiting(label, work) {
  if (!progress.stream.isTTY) return work();
  const display = terminalDisplay(label, Date.now());
  try {
    return await work();
  } finally {
    display.clear();
  }
}

/**
 * @param {string} label
 * @param {number} began
 */
function terminalDisplay(label, began) {
  let detail = '';
  let turn = 0;
  const draw = () => {
    const frame = frames[turn++ % frames.length];
    const text = `${frame} ${label} ${duration(Date.now() - began)} ${detail}`;
    progress.stream.write(`\r\x1b[2K${text.slice(0, (progress.stream.columns ?? 80) - 1)}`);
  };
  const timer = setInterval(draw, frameMs);
  return {
    say: (/** @type {string} */ text) => {
      detail = stripVTControlCharacters(text).trim();
    },
    end: (/** @type {string} */ text) => {
      clearInterval(timer);
      progress.stream.write(`\r\x1b[2K${text}\n`);
    },
    clear: () => {
      clearInterval(timer);
      progress.stream.write('\r\x1b[2K');
    },
  };
}

/**
 * @param {string} label
 * @param {number} began
 */
function pipeDisplay(label, began) {
  const timer = setInterval(() => {
    progress.stream.write(`… ${label} (${duration(Date.now() - began)} so far)\n`);
  }, stillRunningMs);
  return {
    say: () => {},
    end: (/** @type {string} */ text) => {
      clearInterval(timer);
      progress.stream.write(`${text}\n`);
    },
  };
}

/**
 * Runs a command as one step. Throws {@link CommandFailed}, after it showed the end of what the command wrote.
 * @param {string} label
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv }} [options]
 * @returns {Promise<string>} what the command wrote to stdout
 */
export async function commandStep(label, command, args, options = {}) {
  try {
    return await step(label, (say) => capture(command, args, { ...options, onLine: say }));
  } catch (error) {
    if (error instanceof CommandFailed) for (const line of error.output) process.stderr.write(`    ${line}\n`);
    throw error;
  }
}

/**
 * Runs a command and answers what it wrote to stdout. `onLine` sees each line of its stderr.
 * Throws {@link CommandFailed}.
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv, onLine?: (line: string) => void }} [options]
 * @returns {Promise<string>}
 */
export function capture(command, args, { cwd, env = process.env, onLine } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
    const kept = new KeptLines();
    let stdout = '';
    child.stdout.setEncoding('utf8').on('data', (/** @type {string} */ text) => {
      stdout += text;
    });
    eachLine(child.stderr, (line) => {
      if (kept.add(line)) onLine?.(line);
    });
    const fail = (/** @type {string} */ why) =>
      reject(new CommandFailed(`\`${[command, ...args].join(' ')}\` ${why}`, kept.all()));
    child.on('error', (error) => fail(`could not be started: ${error.message}`));
    child.on('close', (code, signal) => {
      if (code === 0) return resolve(stdout);
      // Cargo and npm say what is wrong on stderr, tsc and biome on stdout. JSON is for programs.
      for (const line of stdout.split('\n')) if (!line.startsWith('{')) kept.add(line);
      fail(`ended with ${signal ?? `exit code ${code}`}`);
    });
  });
}

/** The first and the last lines of an output, without colours and empty ones. */
class KeptLines {
  /** @type {string[]} */
  #first = [];
  /** @type {string[]} */
  #last = [];
  #leftOut = 0;

  /**
   * @param {string} line
   * @returns {boolean} whether there was something in it
   */
  add(line) {
    const text = stripVTControlCharacters(line).trimEnd();
    if (text === '') return false;
    if (this.#first.length < keptLines) this.#first.push(text);
    else this.#last.push(text);
    if (this.#last.length > keptLines) {
      this.#last.shift();
      this.#leftOut++;
    }
    return true;
  }

  all() {
    return [...this.#first, ...(this.#leftOut > 0 ? [`… ${this.#leftOut} lines …`] : []), ...this.#last];
  }
}

/**
 * @param {import('node:stream').Readable} stream
 * @param {(line: string) => void} take
 */
function eachLine(stream, take) {
  let pending = '';
  stream.setEncoding('utf8').on('data', (/** @type {string} */ text) => {
    const lines = (pending + text).split(/\r?\n|\r/);
    pending = lines.pop() ?? '';
    for (const line of lines) take(line);
  });
  stream.on('end', () => take(pending));
}
