/** A process that runs one job that computes until its CPU time is used up, and prints how it ended. */
import { WasmExecutor } from '../../runtime/executor/wasm/wasm-executor.ts';
import { defaultLimits } from '../../runtime/model/limits.ts';
import { PluginUnderTest } from '../executor/plugin-under-test.ts';
import { testPlugin } from './artifacts.ts';

const executor = new WasmExecutor({
  threads: 1,
  cacheFolder: process.argv[2] ?? '',
  limits: { ...defaultLimits, cpuMs: Number(process.argv[3]) },
  onLog: () => undefined,
  onFault: (what, error) => {
    throw new Error(what, { cause: error });
  },
});
const spin = await PluginUnderTest.admit(executor, testPlugin('spin'));
const instance = spin.instance('kept');
await instance.load();
process.stdout.write('running\n');
const { usage } = await instance.run(spin.call('run', ''));
process.stdout.write(`used ${usage?.cpuMs}\n`);
await executor.close();
