/** The task of the bare pool: answers its input, which is what any job through piscina costs at least. */
export default function echo(task: { args: Uint8Array }): object {
  return { ok: true, output: task.args, metadata: {} };
}
