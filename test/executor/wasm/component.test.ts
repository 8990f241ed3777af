import { parse } from '@bytecodealliance/jco-transpile/wasm-tools';
import { describe, expect, it } from 'vitest';
import { readComponent } from '../../../runtime/executor/wasm/component.ts';

/** A component that exports an instance with one function under this name. */
function exporting(name: string): string {
  return `(component
    (core module $m (func (export "f")))
    (core instance $i (instantiate $m))
    (func $f (canon lift (core func $i "f")))
    (instance $e (export "f" (func $f)))
    (export "${name}" (instance $e)))`;
}

async function refusal(bytes: Uint8Array): Promise<string> {
  return readComponent(bytes).then(
    () => 'it was taken',
    (error: Error) => error.message,
  );
}

describe('reading a plugin file', () => {
  it('refuses what is not WebAssembly', async () => {
    expect(await refusal(Buffer.from('hello, world'))).toMatch(/not a WebAssembly component.*magic number/);
    expect(await refusal(new Uint8Array())).toMatch(/not a WebAssembly component/);
  });

  it('refuses a core module, with what to do', async () => {
    const module = Buffer.from([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]);
    expect(await refusal(module)).toMatch(/a core WebAssembly module.*--target wasm32-wasip2/);
  });

  it('refuses a component that is cut short', async () => {
    const whole = await parse(exporting('bulkhead:plugin/runner@0.1.0'));
    expect(await refusal(whole.subarray(0, whole.byteLength - 5))).toMatch(/^not a valid component: /);
  });

  it('refuses a component that exports nothing', async () => {
    expect(await refusal(await parse('(component)'))).toMatch(/exports nothing.*bulkhead:plugin\/runner@0\.1\.0/);
  });

  it('refuses another world and names its exports', async () => {
    expect(await refusal(await parse(exporting('wasi:cli/run@0.2.0')))).toMatch(
      /another world: it exports wasi:cli\/run@0\.2\.0/,
    );
  });

  it('refuses another API version and names both', async () => {
    expect(await refusal(await parse(exporting('bulkhead:plugin/runner@0.0.9')))).toMatch(
      /plugin=0\.0\.9, host=0\.1\.0/,
    );
  });

  it('refuses a facet it does not know', async () => {
    expect(await refusal(await parse(exporting('bulkhead:plugin/teapot@0.1.0')))).toMatch(
      /facet bulkhead:plugin\/teapot, which is unknown/,
    );
  });

  it('refuses imports that the host does not offer', async () => {
    const importing = exporting('bulkhead:plugin/runner@0.1.0').replace(
      '(component',
      '(component (import "acme:secrets/vault@1.0.0" (instance))',
    );
    expect(await refusal(await parse(importing))).toMatch(
      /imports what this host does not offer: acme:secrets\/vault@1\.0\.0/,
    );
  });

  it('takes a component with a facet, and names its facets and imports', async () => {
    const importing = exporting('bulkhead:plugin/runner@0.1.0').replace(
      '(component',
      '(component (import "wasi:io/error@0.2.6" (instance))',
    );
    expect(await readComponent(await parse(importing))).toEqual({
      facets: ['runner'],
      imports: ['wasi:io/error@0.2.6'],
    });
  });
});
