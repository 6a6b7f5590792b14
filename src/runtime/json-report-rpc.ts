import { toLegacyReport } from '../../streams/to-legacy-report.js';
import { JsonText } from '../cluster/frame-body.js';
import { FEATURES } from '../cluster/frames.js';
import type { NodeId } from '../cluster/node-id.js';
import type { RequestHandler, Rpc } from '../cluster/rpc.js';

const [, JSON_REPORTS] = FEATURES;

/**
 * Wraps `rpc` for reports and log entries. Their bodies are JSON texts, which the caller writes once for all readers. A
 * frame to a current node embeds the text as JSON. A frame to a node with noex up to 0.1 has the text as a string, in
 * the legacy format. An answer that is not a text is sent as it is.
 */
export function jsonReportRpc(rpc: Rpc): Pick<Rpc, 'notify' | 'handle'> {
  const readsJson = (id: NodeId): boolean => rpc.supports(id, JSON_REPORTS);
  return {
    notify(to, topic, text) {
      const readers = typeof to === 'string' ? [to] : to;
      const [current, legacy] = [true, false].map((isCurrent) => readers.filter((id) => readsJson(id) === isCurrent));
      return [
        ...(current?.length ? rpc.notify(current, topic, new JsonText(String(text))) : []),
        ...(legacy?.length ? rpc.notify(legacy, topic, toLegacyReport(String(text))) : []),
      ];
    },
    handle(method, answer, access) {
      const handler: RequestHandler = (body, from) => {
        const answered = answer(body, from);
        if (typeof answered !== 'string') return answered;
        return readsJson(from) ? new JsonText(answered) : toLegacyReport(answered);
      };
      return rpc.handle(method, handler, access);
    },
  };
}
