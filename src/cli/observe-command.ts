import { from, lastValueFrom, takeUntil, tap } from 'rxjs';
import type { TerminalModule } from '../dashboard/terminal-module.js';
import { overview } from '../dashboard/view-model/overview-text.js';
import type { ClusterObserverSnapshot } from '../distribution.js';
import type { Command } from './command-line.js';
import { untilInterrupted } from './interruption.js';
import { whileAttached } from './while-attached.js';

/** Runs `noex observe`: shows a cluster in this terminal, or prints snapshots of it as text or JSON. */
export async function observe({ target, output, everyMs }: Extract<Command, { name: 'observe' }>): Promise<void> {
  await whileAttached(target, async (cluster) => {
    if (output === 'screen') {
      const { runTerminal } = await loadTerminal();
      const { stdin, stdout } = process;
      await runTerminal({ source: cluster, title: target.addresses.join(', '), stdin, stdout });
      return;
    }
    const write = (snapshot: ClusterObserverSnapshot): void =>
      void process.stdout.write(output === 'json' ? `${JSON.stringify(snapshot)}\n` : `${overview(snapshot)}\n`);
    if (everyMs === undefined) {
      write(await cluster.getClusterSnapshot());
      return;
    }
    const written$ = cluster.poll$(everyMs).pipe(tap(write), takeUntil(from(untilInterrupted())));
    await lastValueFrom(written$, { defaultValue: undefined });
  });
}

/** Loads the terminal dashboard. It is a separate bundle, because only this command needs its dependencies. */
function loadTerminal(): Promise<TerminalModule> {
  return import(new URL('../dashboard/terminal/main.js', import.meta.url).href);
}
