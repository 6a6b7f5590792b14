// Who may import whom: the rules of .dependency-cruiser.mjs over src and streams. First they have to prove, on
// test/imports/fixture, that each of them can fail; and a cruise counts only if it has seen every file, because
// dependency-cruiser passes over what it cannot parse without a word.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Failure, filesUnder, main, root } from './ensure.mjs';

const FIXTURE = 'test/imports/fixture';
const isTypeScript = (path) => /[.]tsx?$/.test(path);

await main(() => {
  const problems = [...checkRules(), ...checkSources()];
  if (problems.length > 0) throw new Failure(problems.join('\n'));
});

/** Every file of the fixture names on its first line the rules that it breaks; every rule is broken by some file. */
function checkRules() {
  const { violations, rules } = cruise(FIXTURE);
  const found = new Set(violations.map(({ from, rule }) => `${from}: ${rule.name}`));
  const expected = new Set(
    filesUnder(FIXTURE, isTypeScript).flatMap((path) => {
      const [, names = ''] = /^\/\/ breaks: (.*)/.exec(readFileSync(join(root, path), 'utf8')) ?? [];
      return names
        .split(', ')
        .filter(Boolean)
        .map((name) => `${path.slice(FIXTURE.length + 1)}: ${name}`);
    }),
  );
  return [
    ...[...expected].filter((one) => !found.has(one)).map((one) => `${FIXTURE}/${one} should have been found`),
    ...[...found].filter((one) => !expected.has(one)).map((one) => `${FIXTURE}/${one} should not have been found`),
    ...rules
      .filter((rule) => !violations.some((violation) => violation.rule.name === rule))
      .map((rule) => `${FIXTURE} has no file that breaks ${rule}`),
  ];
}

function checkSources() {
  const { seen, violations, rules } = cruise('.');
  const files = [...filesUnder('src', isTypeScript), ...filesUnder('streams', isTypeScript)];
  console.log(`${seen.size} modules, ${rules.length} rules`);
  return [
    ...files.filter((path) => !seen.has(path)).map((path) => `${path} was not looked at`),
    ...(seen.size === files.length ? [] : [`${seen.size} modules were looked at, but there are ${files.length} files`]),
    ...violations.map(
      ({ from, to, rule, cycle }) =>
        `${from} may not import ${to} (${rule.name})${cycle ? `: ${cycle.map(({ name }) => name).join(' -> ')}` : ''}`,
    ),
  ];
}

function cruise(dir) {
  const bin = join(root, 'node_modules', 'dependency-cruiser', 'bin', 'dependency-cruise.mjs');
  const args = [bin, '--config', join(root, '.dependency-cruiser.mjs'), '--output-type', 'json', 'src', 'streams'];
  const options = { cwd: join(root, dir), encoding: 'utf8', maxBuffer: 2 ** 28 };
  // Its exit code is the number of violations: only its output shows whether it ran.
  const { stdout, stderr, error } = spawnSync(process.execPath, args, options);
  if (error) throw error;
  if (!stdout.startsWith('{')) throw new Failure(`dependency-cruiser did not run:\n${stderr}${stdout}`);
  const { modules, summary } = JSON.parse(stdout);
  return {
    seen: new Set(modules.map(({ source }) => source).filter((path) => /^(src|streams)\//.test(path))),
    violations: summary.violations,
    rules: summary.ruleSetUsed.forbidden.map(({ name }) => name),
  };
}
