/** What is read from the last lines of a process: real ones of Go's and Rust's runtimes. */
import { describe, expect, it } from 'vitest';
import { endingError } from '../../../runtime/executor/process/ending.ts';
import { LastWords } from '../../../runtime/executor/process/last-words.ts';
import { Lines } from '../../../runtime/executor/process/lines.ts';

function wordsAfter(text: string): LastWords {
  const words = new LastWords();
  for (const line of text.split('\n')) words.write(line);
  return words;
}

describe('the last words of a process', () => {
  it('have the panic of a Rust library, the first of two, with its place', () => {
    const words = wordsAfter(
      "\nthread 'main' (4711) panicked at src/lib.rs:7:9:\nno\ncheese\nnote: run with `RUST_BACKTRACE=1`\n\nthread 'main' (4711) panicked at library/core/src/panicking.rs:225:5:\npanic in a function that cannot unwind\nstack backtrace:",
    );
    expect(endingError({ code: null, signal: 'SIGABRT' }, words)).toMatchObject({
      code: 'plugin-panicked',
      message: 'the plugin panicked at src/lib.rs:7:9: no\ncheese',
      details: { file: 'src/lib.rs', line: 7, column: 9, signal: 'SIGABRT' },
    });
  });

  it('have the form that Rust had before 1.73', () => {
    const words = wordsAfter("thread 'worker' panicked at 'old', src/old.rs:1:2");
    expect(words.panic).toEqual({ message: 'old', file: 'src/old.rs', line: 1, column: 2 });
  });

  it("have Go's panic with the first frame that is the plugin's", () => {
    const words = wordsAfter(
      'panic: runtime error: index out of range [7] with length 0 [recovered, repanicked]\n\ngoroutine 9 [running]:\npanic({0x1, 0x2})\n\t/go/src/runtime/panic.go:792 +0x132\nmain.fail(...)\n\t/src/main.go:41 +0x1d',
    );
    expect(endingError({ code: 2, signal: null }, words)).toMatchObject({
      message: 'the plugin panicked at /src/main.go:41: runtime error: index out of range [7] with length 0',
      details: { file: '/src/main.go', line: 41, exitCode: 2 },
    });
  });

  it('have the line that explains an end without a panic, however long the trace', () => {
    const words = wordsAfter(`fatal error: all goroutines are asleep - deadlock!\n${'\tframe\n'.repeat(50)}`);
    expect(endingError({ code: 2, signal: null }, words)).toMatchObject({
      code: 'plugin-trapped',
      message: "the plugin's process ended: fatal error: all goroutines are asleep - deadlock!",
    });
  });

  it('tell an exit and a signal, with what was written last', () => {
    const words = wordsAfter('one\ntwo');
    expect(endingError({ code: 3, signal: null }, words)).toMatchObject({
      code: 'plugin-exited',
      message: 'the plugin called exit(3); it last wrote: one | two',
    });
    expect(endingError({ code: null, signal: 'SIGSEGV' }, words)).toMatchObject({
      code: 'plugin-trapped',
      message: "the plugin's process was ended by SIGSEGV; it last wrote: one | two",
    });
  });

  it('are forgotten when another job begins', () => {
    const words = wordsAfter("thread 'pool' panicked at src/lib.rs:1:1:\nsurvived");
    words.reset();
    expect(words.panic).toBeUndefined();
    expect(words.lines).toEqual([]);
  });
});

describe('lines', () => {
  it('come whole whatever the pieces are, and a line without an end in parts', () => {
    const taken: string[] = [];
    const lines = new Lines((line) => taken.push(line));
    for (const piece of ['a', 'b\nc', '\r\n', 'd']) lines.write(Buffer.from(piece));
    lines.end();
    expect(taken).toEqual(['ab', 'c', 'd']);
    lines.write(Buffer.alloc(150_000, 'x'));
    expect(taken.slice(3).map((line) => line.length)).toEqual([65_536, 65_536]);
    lines.write(Buffer.from('y\n'));
    expect(taken.at(-1)).toMatch(/^x+y$/);
  });
});
