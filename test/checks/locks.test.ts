import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { npm } from './npm.js';

describe.each(['.', 'bench', 'examples/cluster-observer', 'examples/dashboard', 'examples/shop'])(
  'the lock file of %s',
  (folder) => {
    test('fits its package.json', async () => {
      await npm('ci', '--dry-run', '--ignore-scripts', '--no-audit', '--no-fund', '--prefix', folder);
    });

    test('names no place that a package was downloaded from', () => {
      expect(readFileSync(`${folder}/package-lock.json`, 'utf8')).not.toContain('"resolved": "http');
    });
  },
);
