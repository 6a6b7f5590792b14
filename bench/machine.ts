import { cpus, loadavg, totalmem } from 'node:os';

/** Where this was measured, in one line. */
export function machine(): string {
  const [cpu] = cpus();
  const memory = `${Math.round(totalmem() / 2 ** 30)} GB`;
  const busy = loadavg()[0]?.toFixed(1);
  return `${cpus().length} x ${cpu?.model.trim()}, ${memory}, Node ${process.version}, load average ${busy} at the end`;
}
