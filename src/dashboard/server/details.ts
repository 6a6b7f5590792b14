import type { IncomingMessage, ServerResponse } from 'node:http';
import type { SerializedError } from '../../../streams/index.js';
import type { ClusterSource } from '../cluster-source.js';
import type { Details } from '../view-model/details.js';
import { respond } from './http-responses.js';
import type { Route } from './route.js';

/** An error of a log entry, with its stack. The query has the `line` of the log. */
const ERROR = '/error';
/** The links of a node with the other nodes. The query has the id of the `node`. */
const LINKS = '/links';

/** Where a browser requests what it needs only while someone looks at it. */
export const DETAIL_PATHS: readonly string[] = [ERROR, LINKS];

interface DetailParts {
  readonly source: ClusterSource;
  /** The error of a line of the log; `undefined`: there is none, or it is no longer kept. */
  errorOf(line: number): SerializedError | undefined;
}

/** Answers a request for details with JSON. */
export async function sendDetails(
  request: IncomingMessage,
  response: ServerResponse,
  route: Route,
  parts: DetailParts,
): Promise<void> {
  const details = await detailsOf(route, parts);
  const headers = { 'Cache-Control': 'no-store', 'Content-Type': 'application/json; charset=utf-8' };
  const status = details.problem === undefined ? 200 : 404;
  respond(request, response, status, headers, Buffer.from(JSON.stringify(details)));
}

async function detailsOf({ path, query }: Route, { source, errorOf }: DetailParts): Promise<Details> {
  const params = new URLSearchParams(query);
  if (path === ERROR) {
    const error = errorOf(Number(params.get('line')));
    return error === undefined ? { problem: 'This error is no longer kept.' } : { error };
  }
  const node = params.get('node') ?? '';
  if (source.getNodeLinks === undefined) return { problem: 'The source of this dashboard does not report links.' };
  try {
    return { links: await source.getNodeLinks(node) };
  } catch (thrown) {
    return { problem: thrown instanceof Error ? thrown.message : String(thrown) };
  }
}
