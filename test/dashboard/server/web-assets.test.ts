import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readAssets } from '../../../src/dashboard/server/web-assets.js';
import { DashboardFilesError } from '../../../src/index.js';
import { VERSION } from '../../../src/version.js';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'noex-assets-'));
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('the files of the web dashboard', () => {
  test('are missing in a folder without a page, and the error names the folder and the option', () => {
    writeFileSync(join(folder, 'main.js'), '');
    expect(() => readAssets(folder)).toThrow(DashboardFilesError);
    expect(() => readAssets(folder)).toThrow(`the folder ${folder} has no index.html; for a bundled program`);
    expect(() => readAssets(folder)).toThrow(/the option assets to the path of the copy$/);
  });

  test('are missing where there is no such folder, with the reason', () => {
    const nowhere = join(folder, 'nowhere');
    expect(() => readAssets(nowhere)).toThrow(`the folder ${nowhere} cannot be read (ENOENT)`);
    expect(() => readAssets(join(import.meta.filename))).toThrow('(ENOTDIR)');
  });

  test.each(['\n', '\r\n'])('may have scripts in their page, which alone of all inline scripts may run: %j', (end) => {
    const script = `first();\nsecond();`;
    writeFileSync(join(folder, 'index.html'), `<script>${script.replaceAll('\n', end)}</script><p>text</p>`);
    const hash = createHash('sha256').update(script).digest('base64');
    const policy = readAssets(folder).get('/')?.policy;
    expect(policy).toContain(`; script-src 'self' 'sha256-${hash}'; `);
    expect(policy).not.toContain('unsafe');
  });
});

test('the dashboard says the version of the package', () => {
  const manifest: { readonly version: string } = JSON.parse(
    readFileSync(join(import.meta.dirname, '..', '..', '..', 'package.json'), 'utf8'),
  );
  expect(VERSION).toBe(manifest.version);
});
