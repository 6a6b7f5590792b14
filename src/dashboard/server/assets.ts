import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createRequire } from 'node:module';
import { dirname, extname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { respond } from './respond.js';

/** A file of the web dashboard. */
export interface Asset {
  readonly type: string;
  readonly etag: string;
  readonly caching: string;
  readonly body: Buffer;
  /** Absent: it is not worth it. */
  readonly gzipped?: Buffer;
}

/** By the path below where the dashboard is mounted; the page itself is `/`. */
export type Assets = ReadonlyMap<string, Asset>;

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

/** As the bundler names what never changes under its name. */
const HASHED = /-[\w-]{8}\.\w+$/;

/** This package itself. */
const PACKAGE = 'noex/package.json';
const fromHere = createRequire(import.meta.url);

/** Where the built web dashboard is: beside what is compiled, wherever this file is run from. */
export function webFolder(): string {
  return join(dirname(fromHere.resolve(PACKAGE)), 'dist', 'dashboard', 'web');
}

export function packageVersion(): string {
  const { version }: { readonly version: string } = fromHere(PACKAGE);
  return version;
}

/**
 * All files of a folder, read once. They are few and small, and what a request asks for never becomes the path of a file.
 */
export function readAssets(folder: string): Assets {
  const assets = new Map<string, Asset>();
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    const type = TYPES[extname(name)];
    if (type === undefined) continue;
    const path = `/${name.replaceAll('\\', '/')}`;
    assets.set(path === '/index.html' ? '/' : path, readAsset(join(folder, name), type));
  }
  return assets;
}

function readAsset(file: string, type: string): Asset {
  const body = readFileSync(file);
  const gzipped = /^(text|application)|svg/.test(type) ? gzipSync(body) : body;
  return {
    type,
    etag: `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`,
    caching: type.startsWith('text/html')
      ? 'no-store'
      : HASHED.test(file)
        ? 'private, max-age=31536000, immutable'
        : 'no-cache',
    body,
    ...(gzipped.length < body.length && { gzipped }),
  };
}

export function sendAsset(
  { type, etag, caching, body, gzipped }: Asset,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  const headers = { ETag: etag, 'Cache-Control': caching, Vary: 'Accept-Encoding' };
  if (request.headers['if-none-match'] === etag) {
    respond(request, response, 304, headers);
  } else if (gzipped !== undefined && /\bgzip\b/.test(String(request.headers['accept-encoding']))) {
    respond(request, response, 200, { ...headers, 'Content-Type': type, 'Content-Encoding': 'gzip' }, gzipped);
  } else {
    respond(request, response, 200, { ...headers, 'Content-Type': type }, body);
  }
}
