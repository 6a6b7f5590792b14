// The lock files fit their package.json files, and do not name the registry that a package came from.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { Failure, main, root } from './ensure.mjs';

const EXAMPLES = ['examples/cluster-observer', 'examples/dashboard'];
const LOCKED = ['name', 'version', 'dependencies', 'devDependencies', 'engines'];
const read = (path) => JSON.parse(readFileSync(join(root, path), 'utf8'));

await main(() => {
  const problems = [
    ...compare('package.json', 'package-lock.json', ''),
    ...EXAMPLES.flatMap((example) => [
      ...compare(`${example}/package.json`, `${example}/package-lock.json`, ''),
      ...compare('package.json', `${example}/package-lock.json`, '../..'),
    ]),
    ...compare('bench/package.json', 'bench/package-lock.json', ''),
    ...['.', 'bench', ...EXAMPLES].flatMap((dir) => checkOrigins(join(dir, 'package-lock.json'))),
  ];
  if (problems.length > 0) throw new Failure(problems.join('\n'));
});

function compare(manifestPath, lockPath, entry) {
  const manifest = read(manifestPath);
  const locked = read(lockPath).packages[entry] ?? {};
  return LOCKED.filter((key) => !isDeepStrictEqual(sorted(manifest[key]), sorted(locked[key]))).map(
    (key) => `${lockPath}: ${key} of "${entry}" differs from ${manifestPath}: run npm install there`,
  );
}

function sorted(value) {
  return typeof value === 'object' ? Object.entries(value).sort() : value;
}

function checkOrigins(lockPath) {
  return Object.entries(read(lockPath).packages)
    .filter(([, { resolved }]) => resolved?.includes('://'))
    .map(([path]) => `${lockPath}: ${path} names the place it was downloaded from`);
}
