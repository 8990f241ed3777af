/** `bulkhead doctor`: what is missing on this machine. */
import { Command } from 'commander';
import { CliError } from '../exit-codes.ts';
import { checkAll } from '../toolbox/tools.mjs';

const help = `
Changes nothing. Exit code 0: everything is there; 1: something is missing.

Examples:
  $ bulkhead doctor
  $ bulkhead doctor --json  [{"tool": "cargo", "ok": true, "found": "cargo 1.95.0", "fix": ""}, …]`;

export function doctorCommand(): Command {
  return new Command('doctor')
    .description('say what is missing on this machine, and how to get it')
    .option('--json', 'print JSON')
    .addHelpText('after', help)
    .action(async (options: { json?: true }) => {
      const findings = (await checkAll()).map(({ tool, ok, found, fix }) => ({ tool, ok, found, fix }));
      if (options.json) process.stdout.write(`${JSON.stringify(findings)}\n`);
      else
        for (const { tool, ok, found, fix } of findings) {
          const advice = ok ? '' : `\n            get it with: ${fix}`;
          process.stdout.write(`${ok ? 'ok     ' : 'MISSING'}  ${tool.padEnd(14)} ${found}${advice}\n`);
        }
      const missing = findings.filter(({ ok }) => !ok);
      if (missing.length > 0) throw new CliError('failed', `missing: ${missing.map(({ tool }) => tool).join(', ')}`);
    });
}
