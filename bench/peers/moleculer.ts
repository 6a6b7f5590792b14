import { type BrokerOptions, ServiceBroker } from 'moleculer';

/** A local action. */
export async function moleculerServer(options: BrokerOptions): Promise<() => Promise<number>> {
  const broker = new ServiceBroker({ logger: false, ...options });
  broker.createService({ name: 'counter', actions: { get: () => 1 } });
  await broker.start();
  return () => broker.call('counter.get');
}
