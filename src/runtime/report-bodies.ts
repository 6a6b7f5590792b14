import { toLegacyReport } from '../../streams/legacy-report.js';
import { JsonText } from '../cluster/body.js';
import { FEATURES } from '../cluster/frames.js';
import type { NodeId } from '../cluster/node-id.js';
import type { RequestHandler, Rpc } from '../cluster/rpc.js';

const [, JSON_REPORTS] = FEATURES;

/**
 * Reports and log entries are written as JSON text, once for all readers. They travel as the value that the text stands for;
 * versions of noex up to 0.1 take them as text, within the JSON of the frame.
 */
export function jsonBodies(rpc: Rpc): Pick<Rpc, 'notify' | 'handle'> {
  const takesValue = (id: NodeId): boolean => rpc.supports(id, JSON_REPORTS);
  return {
    notify(to, topic, text) {
      const readers = typeof to === 'string' ? [to] : to;
      const [ofValue, ofText] = [true, false].map((isValue) => readers.filter((id) => takesValue(id) === isValue));
      return [
        ...(ofValue?.length ? rpc.notify(ofValue, topic, new JsonText(String(text))) : []),
        ...(ofText?.length ? rpc.notify(ofText, topic, toLegacyReport(String(text))) : []),
      ];
    },
    handle(method, answer, access) {
      const handler: RequestHandler = (body, from) => {
        const answered = answer(body, from);
        if (typeof answered !== 'string') return answered;
        return takesValue(from) ? new JsonText(answered) : toLegacyReport(answered);
      };
      return rpc.handle(method, handler, access);
    },
  };
}
