import { Client } from "./client.ts";
import type { KafkaConnection } from "./connection.ts";

/** The connections of this thread, by how the cluster is reached: as many as the job names clusters. */
const clients = new Map<string, Client>();

/** A connection that everything in this thread shares. */
export function sharedClient(connection: KafkaConnection): Client {
  const key = JSON.stringify(connection);
  const client = clients.get(key) ?? new Client(connection);
  clients.set(key, client);
  return client;
}

/** Closes the connections of this thread. */
export async function closeClients(): Promise<void> {
  const open = [...clients.values()];
  clients.clear();
  await Promise.all(open.map((client) => client.close()));
}
