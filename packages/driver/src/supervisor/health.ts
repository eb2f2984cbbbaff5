import { bindFailed } from "@millrace/rpc";
import fastify, { type FastifyInstance } from "fastify";

/** The answers of the probes: alive as soon as it listens, ready while it accepts jobs. */
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
    throw explained(error, address);
  }
  const bound = app.server.address();
  return { port: typeof bound === "object" && bound !== null ? bound.port : address.port, close: () => app.close() };
}

/** Turns an error of `listen` into a message with a remedy. */
function explained(cause: unknown, address: { readonly host: string; readonly port: number }): unknown {
  const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
  const why =
    code === "EADDRINUSE" ? "something else listens there" : code === "EACCES" ? "this user may not" : undefined;
  if (why === undefined) return cause;
  return bindFailed(
    `cannot serve HTTP on ${address.host}:${address.port}: ${why}. Nothing was started. Choose another port with --ui-port (0 takes any free one), or end what holds it.`,
    { cause, fields: { host: address.host, port: address.port } },
  );
}
