import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
// No named import: bundlers commonly add a declaration named createRequire at the top of their output.
import nodeModule from 'node:module';
import { dirname, extname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { DashboardFilesError } from '../../index.js';
import { policyWith, respond } from './http-responses.js';

/** A file of the web dashboard. */
export interface Asset {
  readonly type: string;
  readonly etag: string;
  /** The `Cache-Control` header. */
  readonly caching: string;
  /** The content security policy of a page. Absent: the default policy. */
  readonly policy?: string;
  readonly body: Buffer;
  /** The body, compressed with gzip. Absent: the type is compressed already, or gzip does not make the body smaller. */
  readonly gzipped?: Buffer;
}

/** Assets by their path below the mount path. The path of the page is `/`. */
type Assets = ReadonlyMap<string, Asset>;

const TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.ico': 'image/x-icon',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain; charset=utf-8',
  '.webmanifest': 'application/manifest+json',
  '.woff2': 'font/woff2',
};

/** Matches the file names that contain a content hash of the bundler. The content of such a file never changes. */
const HASHED = /-[\w-]{8}\.\w+$/;

/** Matches the inline scripts of a page. */
const INLINE_SCRIPT = /<script>([\s\S]*?)<\/script>/g;

const PAGE_FILE = 'index.html';

const COPY_ADVICE =
  'for a bundled program, copy noex/dist/dashboard/web next to it, and set the option assets to the path of the copy';

/**
 * Reads the files of the web dashboard into memory, except files of an unknown type. The files are few and small. The
 * server answers requests from memory only, so it never uses a part of a request as a path in the file system.
 *
 * @param folder folder that contains the files. Default: the folder in the package noex
 * @throws DashboardFilesError if the package is not found, or if the folder cannot be read or has no page
 */
export function readAssets(folder = installedFolder()): Assets {
  const assets = new Map<string, Asset>();
  for (const name of fileNamesIn(folder)) {
    const type = TYPES[extname(name)];
    if (type === undefined) continue;
    const path = `/${name.replaceAll('\\', '/')}`;
    assets.set(path === `/${PAGE_FILE}` ? '/' : path, readAsset(join(folder, name), type));
  }
  return assets;
}

/**
 * Returns the folder of the built web dashboard in the package noex. Node.js resolves the package by its name, as in an
 * import.
 *
 * @throws DashboardFilesError if the package is not found
 */
function installedFolder(): string {
  try {
    // In a bundle, import.meta.url may be undefined. In that case, createRequire throws.
    const manifest = nodeModule.createRequire(import.meta.url).resolve('noex/package.json');
    return join(dirname(manifest), 'dist', 'dashboard', 'web');
  } catch (cause) {
    throw new DashboardFilesError(
      undefined,
      `the package noex is not installed where this program runs; ${COPY_ADVICE}`,
      {
        cause,
      },
    );
  }
}

function fileNamesIn(folder: string): readonly string[] {
  let names: readonly string[];
  try {
    names = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  } catch (cause) {
    const { code = 'unreadable' } = cause as NodeJS.ErrnoException;
    throw new DashboardFilesError(folder, `the folder ${folder} cannot be read (${code}); ${COPY_ADVICE}`, { cause });
  }
  if (!names.includes(PAGE_FILE)) {
    throw new DashboardFilesError(folder, `the folder ${folder} has no ${PAGE_FILE}; ${COPY_ADVICE}`);
  }
  return names;
}

function readAsset(file: string, type: string): Asset {
  const body = readFileSync(file);
  const gzipped = /^(text|application)|svg/.test(type) ? gzipSync(body) : body;
  const isPage = type.startsWith('text/html');
  return {
    type,
    etag: `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`,
    caching: isPage ? 'no-store' : HASHED.test(file) ? 'private, max-age=31536000, immutable' : 'no-cache',
    ...(isPage && { policy: policyWith({ scripts: inlineScripts(body.toString()) }) }),
    body,
    ...(gzipped.length < body.length && { gzipped }),
  };
}

function inlineScripts(html: string): readonly string[] {
  return [...html.matchAll(INLINE_SCRIPT)].map(([, script = '']) => script);
}

/**
 * Responds with the file, gzipped if the client accepts gzip. Responds with 304 if the client already has this version
 * of the file.
 */
export function sendAsset(
  { type, etag, caching, policy, body, gzipped }: Asset,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  const headers = {
    ETag: etag,
    'Cache-Control': caching,
    Vary: 'Accept-Encoding',
    ...(policy !== undefined && { 'Content-Security-Policy': policy }),
  };
  if (request.headers['if-none-match'] === etag) {
    respond(request, response, 304, headers);
  } else if (gzipped !== undefined && /\bgzip\b/.test(String(request.headers['accept-encoding']))) {
    respond(request, response, 200, { ...headers, 'Content-Type': type, 'Content-Encoding': 'gzip' }, gzipped);
  } else {
    respond(request, response, 200, { ...headers, 'Content-Type': type }, body);
  }
}
