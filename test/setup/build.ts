import { execFileSync } from 'node:child_process';

/** Tests with real processes run the built package. */
export function setup(): void {
  execFileSync(process.execPath, ['scripts/build.mjs'], { stdio: 'inherit' });
}
