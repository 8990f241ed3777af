/** The entry of the compiler's thread: reads, transpiles and meters one component. A refusal is an answer, no error. */
import { BulkheadError } from '../../errors.ts';
import type { TranspiledComponent } from './cache.ts';
import type { CompileAnswer, CompileRequest } from './compiler.ts';
import { readComponent } from './component.ts';
import type { ModuleReport } from './messages.ts';
import { Rewriter } from './rewriter.ts';
import { transpile } from './transpile.ts';

let rewriter: Promise<Rewriter> | undefined;

async function compile({ bytes, meter, limits }: CompileRequest): Promise<TranspiledComponent> {
  const facts = await readComponent(bytes);
  const files = await transpile(bytes, facts.facets);
  rewriter ??= Rewriter.open(meter);
  const pass = await rewriter;
  const reports: Record<string, ModuleReport> = {};
  for (const [name, file] of files) {
    if (!name.endsWith('.wasm')) continue;
    const rewritten = pass.rewrite(name, file, limits);
    files.set(name, rewritten.bytes);
    reports[name] = rewritten.report;
  }
  return { facts, reports, files };
}

export default async function compileTask(request: CompileRequest): Promise<CompileAnswer> {
  try {
    return { component: await compile(request) };
  } catch (error) {
    const known = BulkheadError.from(error);
    if (known.code !== 'internal') return { refused: known.toJSON() };
    return {
      refused: { code: 'plugin-refused', message: `it could not be transpiled: ${known.message.split('\n')[0]}` },
    };
  }
}
