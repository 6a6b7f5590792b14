import type { IncomingMessage, ServerResponse } from 'node:http';
import type { SerializedError } from '../../../streams/index.js';
import type { ClusterSource } from '../cluster-source.js';
import type { OnDemandDetails } from '../view-model/on-demand-details.js';
import { respond } from './http-responses.js';
import type { Route } from './request-path.js';

/** The path for the error of a log line, with its stack. The query parameter `line` is the number of the log line. */
const ERROR_PATH = '/error';
/** The path for the links of a node with the other nodes. The query parameter `node` is the id of the node. */
const LINKS_PATH = '/links';

/** The paths for data that the feed does not send. A browser requests this data only while a user looks at it. */
export const ON_DEMAND_PATHS: readonly string[] = [ERROR_PATH, LINKS_PATH];

interface OnDemandSources {
  readonly source: ClusterSource;
  /**
   * Returns the error of the log line with this number. Returns `undefined` if the line has no error, or is not in the
   * log.
   */
  errorOf(line: number): SerializedError | undefined;
}

/**
 * Responds to a request for one of `ON_DEMAND_PATHS` with `OnDemandDetails` as JSON. The status is 404 if the server
 * cannot send the data.
 */
export async function sendOnDemandDetails(
  request: IncomingMessage,
  response: ServerResponse,
  route: Route,
  parts: OnDemandSources,
): Promise<void> {
  const details = await detailsOf(route, parts);
  const headers = { 'Cache-Control': 'no-store', 'Content-Type': 'application/json; charset=utf-8' };
  const status = details.problem === undefined ? 200 : 404;
  respond(request, response, status, headers, Buffer.from(JSON.stringify(details)));
}

async function detailsOf({ path, query }: Route, { source, errorOf }: OnDemandSources): Promise<OnDemandDetails> {
  const params = new URLSearchParams(query);
  if (path === ERROR_PATH) {
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
