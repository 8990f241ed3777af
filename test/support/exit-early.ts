/** Starts a plugin's process, says the id of one that it started itself, and exits without closing anything. */
import { ProcessExecutor } from '../../runtime/executor/process/process-executor.ts';
import { defaultLimits } from '../../runtime/model/limits.ts';
import { PluginUnderTest } from '../executor/plugin-under-test.ts';

const executor = new ProcessExecutor({ limits: defaultLimits, onLog: () => undefined });
const plugin = await PluginUnderTest.admit(executor, process.argv[2] as string);
const outcome = await plugin.instance('kept').run(plugin.call('run', 'fork'));
if (!outcome.ok) throw new Error(outcome.error.message);
process.stdout.write(`${Buffer.from(outcome.output)}\n`);
process.exit();
