/** Which method of a plugin a command line means. */
import type { MethodDescription, RunnerDescription } from '../model/method.ts';
import { CliError } from './exit-codes.ts';

/** The method of a name, or the only one where none is named. Throws with exit code 2 and the names of all. */
export function chooseMethod(
  { name: runner, methods }: RunnerDescription,
  name: string | undefined,
): MethodDescription {
  const names = methods.map((method) => method.name).join(', ');
  if (name === undefined && methods.length > 1) {
    throw new CliError('usage', `${runner} has several methods: choose one with --method (${names})`);
  }
  const method = name === undefined ? methods[0] : methods.find((each) => each.name === name);
  if (!method) throw new CliError('usage', `${runner} has no method '${name}'; it has: ${names}`);
  return method;
}
