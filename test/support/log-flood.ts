/** A process that logs 10 MB to stderr at once, and then says on stdout how many lines it left out. */
import { openLog } from '../../runtime/telemetry/log.ts';

const log = openLog({ level: 'info', format: 'json' });
const message = 'x'.repeat(1024);
for (let i = 0; i < 10_000; i++) log.sink({ level: 'info', message });
process.stdout.write(`left out ${log.dropped}\n`);
