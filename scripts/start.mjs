// npm start: install what is missing, build what is stale, run the three-node demo.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { ensureBuilt, ensureInstalled, main, root } from './ensure.mjs';

/** A Ctrl+C reaches this process twice: from the terminal, and from npm, which passes on what it got as well. */
const SAME_KEYSTROKE_MS = 500;

await main(() => {
  ensureInstalled(root);
  ensureBuilt();
  return runDemo();
});

/**
 * The demo leads a process group of its own. So it gets each signal exactly once, from here, and whatever is left of
 * its group when it is gone can be ended with it.
 */
function runDemo() {
  const detached = process.platform !== 'win32';
  const args = [join(root, 'dist', 'src', 'cli', 'main.js'), 'demo', ...process.argv.slice(2)];
  // The channel carries no message: its end ('disconnect') stops the demo when this process is gone, even if it was killed.
  const demo = spawn(process.execPath, args, {
    detached,
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  let lastSignalAt = Number.NEGATIVE_INFINITY;
  const passOn = (signal) => {
    const now = performance.now();
    if (now - lastSignalAt > SAME_KEYSTROKE_MS) demo.kill(signal);
    lastSignalAt = now;
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, passOn);
  if (process.env.npm_lifecycle_event !== undefined) whenOrphaned(() => passOn('SIGTERM'));
  return new Promise((resolve, reject) => {
    demo.once('error', reject);
    demo.once('exit', (code, signal) => {
      if (detached) endGroup(demo.pid);
      if (signal !== null) {
        process.removeAllListeners(signal);
        process.kill(process.pid, signal);
      }
      resolve(code ?? 1);
    });
  });
}

/** A signal to npm ends npm and the shell between it and this process, but does not get here. */
function whenOrphaned(callback) {
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    callback();
  }, 250).unref();
}

function endGroup(leader) {
  try {
    process.kill(-leader, 'SIGKILL');
  } catch (error) {
    if (error.code !== 'ESRCH' && error.code !== 'EPERM') throw error; // the group has ended already
  }
}
