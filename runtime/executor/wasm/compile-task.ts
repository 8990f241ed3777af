/** The entry of the compiler's thread: reads and transpiles one component. A refusal is an answer, not an error. */
import { BulkheadError } from '../../errors.ts';
import type { CompileAnswer } from './compiler.ts';
import { readComponent } from './component.ts';
import { transpile } from './transpile.ts';

export default async function compileTask(bytes: Uint8Array): Promise<CompileAnswer> {
  try {
    const facts = await readComponent(bytes);
    return { component: { facts, files: await transpile(bytes, facts.facets) } };
  } catch (error) {
    const known = BulkheadError.from(error);
    if (known.code === 'plugin-refused') return { refused: known.toJSON() };
    return {
      refused: { code: 'plugin-refused', message: `it could not be transpiled: ${known.message.split('\n')[0]}` },
    };
  }
}
