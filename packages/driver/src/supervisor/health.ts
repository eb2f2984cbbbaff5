import { EngineError, errorKind } from "@millrace/base";
import fastify, { type FastifyInstance } from "fastify";

export const portInUse = errorKind("PORT_IN_USE", "environment");

/** What the probes answer: alive as soon as it listens, ready while it takes jobs. */
export interface Health {
  ready(): boolean;
}

/** The driver's HTTP port: `/healthz` and `/readyz`. */
export async function serveHealth(
  address: { readonly host: string; readonly port: number },
  health: Health,
): Promise<{ readonly port: number; close(): Promise<void> }> {
  const app: FastifyInstance = fastify({ logger: false, forceCloseConnections: true });
  app.get("/healthz", () => ({ status: "ok" }));
  app.get("/readyz", (_request, reply) => {
    const ready = health.ready();
    return reply.code(ready ? 200 : 503).send({ status: ready ? "ready" : "draining" });
  });
  try {
    await app.listen({ host: address.host, port: address.port });
  } catch (error) {
    throw explainListen(error, address, "--ui-port");
  }
  const bound = app.server.address();
  return { port: typeof bound === "object" && bound !== null ? bound.port : address.port, close: () => app.close() };
}

/** Turns what `listen` throws into words with a remedy. */
export function explainListen(
  error: unknown,
  address: { readonly host: string; readonly port: number },
  option: string,
): unknown {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  if (error instanceof EngineError || (code !== "EADDRINUSE" && code !== "EACCES" && code !== "EADDRNOTAVAIL"))
    return error;
  const why =
    code === "EADDRINUSE"
      ? "something else listens there"
      : code === "EACCES"
        ? "this user may not"
        : "this machine has no such address";
  return portInUse(
    `cannot listen on ${address.host}:${address.port}: ${why}. Nothing was started. Choose another with ${option}, or end what holds it.`,
    {
      cause: error,
      fields: { host: address.host, port: address.port },
    },
  );
}
