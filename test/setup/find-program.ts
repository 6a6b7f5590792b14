import { execSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Returns the path of the first of these programs that is on the path, or that Debian's package installs. */
export function findProgram(names: readonly string[], debianPackage: string): string | undefined {
  return findOnPath(names) ?? installOnDebian(names, debianPackage);
}

function findOnPath(names: readonly string[]): string | undefined {
  // Debian's servers are in a folder that only the path of root has.
  const folders = [...(process.env['PATH'] ?? '').split(delimiter).filter(Boolean), '/usr/sbin'];
  return names.flatMap((name) => folders.map((folder) => join(folder, name))).find((path) => existsSync(path));
}

function installOnDebian(names: readonly string[], debianPackage: string): string | undefined {
  if (!existsSync('/etc/debian_version') || process.getuid?.() !== 0) return undefined;
  console.error(`Installing ${debianPackage} ...`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const install = `apt-get update -q && apt-get install -y -q --no-install-recommends ${debianPackage}`;
  execSync(install, { env, stdio: ['ignore', 2, 2] });
  return findOnPath(names);
}
