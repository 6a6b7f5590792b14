import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve, sep } from 'node:path';
import { describe, expect, test } from 'vitest';

type Rule = { readonly name: string };
type Violation = { readonly from: string; readonly to: string; readonly rule: Rule };
type Summary = {
  readonly violations: readonly Violation[];
  readonly ruleSetUsed: { readonly forbidden: readonly Rule[] };
};
type Cruise = { readonly modules: readonly { readonly source: string }[]; readonly summary: Summary };

const FIXTURE = 'test/imports/fixture';

/** Applies the rules of .dependency-cruiser.mjs to src and streams in a folder. */
function cruise(folder: string): Cruise {
  const bin = resolve('node_modules/dependency-cruiser/bin/dependency-cruise.mjs');
  const args = [bin, '--config', resolve('.dependency-cruiser.mjs'), '--output-type', 'json', 'src', 'streams'];
  const { stdout } = spawnSync(process.execPath, args, { cwd: folder, encoding: 'utf8', maxBuffer: 2 ** 28 });
  return JSON.parse(stdout) as Cruise;
}

function sourcesIn(folder: string): readonly string[] {
  return ['src', 'streams'].flatMap((part) =>
    readdirSync(join(folder, part), { recursive: true, encoding: 'utf8' })
      .filter((path) => /[.]tsx?$/.test(path))
      .map((path) => `${part}/${path.replaceAll(sep, '/')}`),
  );
}

describe('the import rules', () => {
  const { summary } = cruise(FIXTURE);
  const found = new Set(summary.violations.map(({ from, rule }) => `${from}: ${rule.name}`));

  test('find exactly what each file of the fixture says it breaks', () => {
    const expected = sourcesIn(FIXTURE).flatMap((path) => {
      const [, names = ''] = /^\/\/ breaks: (.*)/.exec(readFileSync(join(FIXTURE, path), 'utf8')) ?? [];
      return names.split(', ').flatMap((name) => (name === '' ? [] : [`${path}: ${name}`]));
    });
    expect([...found].sort()).toEqual(expected.sort());
  });

  test('are each broken by a file of the fixture', () => {
    const broken = new Set(summary.violations.map(({ rule }) => rule.name));
    expect(summary.ruleSetUsed.forbidden.map(({ name }) => name).filter((name) => !broken.has(name))).toEqual([]);
  });
});

describe('the sources', () => {
  const { modules, summary } = cruise('.');

  // dependency-cruiser passes over a file that it cannot parse, without an error.
  test('are all seen by the checker', () => {
    const seen = modules.map(({ source }) => source).filter((path) => /^(src|streams)\//.test(path));
    expect(seen.sort()).toEqual([...sourcesIn('.')].sort());
  });

  test('keep the import rules', () => {
    expect(summary.violations.map(({ from, to, rule }) => `${from} imports ${to} (${rule.name})`)).toEqual([]);
  });
});
