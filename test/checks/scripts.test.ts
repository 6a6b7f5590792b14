import { test } from 'vitest';
import { npm } from './npm.js';

const SCRIPTS = [
  'lint',
  'types',
  'types:web',
  'types:example',
  'types:mounted',
  'types:shop',
  'shop',
  'unused',
  'links',
  'structure',
];

test.each(SCRIPTS)('npm run %s passes', async (script) => {
  await npm('run', '--silent', script);
});

test('2,000 hostile inputs do no harm', async () => {
  await npm('run', '--silent', 'fuzz', '--', '--runs', '2000');
});
