import { describe, test } from 'vitest';
import { npm } from './npm.js';

describe('the package', () => {
  test('has entries that every module system resolves, with their types', async () => {
    await npm('run', '--silent', 'package:exports');
    await npm('run', '--silent', 'package:types');
  });

  test('compiles, runs and prints what its pages show, installed elsewhere', async () => {
    await npm('run', '--silent', 'package:installed');
  });
});
