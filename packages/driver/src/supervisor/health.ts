import { once } from "node:events";
import { createServer, type Server, type ServerResponse } from "node:http";
import { bindFailed } from "@millrace/rpc";

/** The state behind the probes: alive as soon as the driver listens, ready while it accepts jobs. */
export interface Health {
  ready(): boolean;
}

/** The driver's HTTP port: `/healthz` and `/readyz`. */
export async function serveHealth(
  address: { readonly host: string; readonly port: number },
  health: Health,
): Promise<{ readonly port: number; close(): Promise<void> }> {
  const server = createServer((request, response) => {
    const [path] = (request.url ?? "").split("?");
    if (request.method !== "GET" && request.method !== "HEAD") return answer(response, 405, "only GET and HEAD");
    if (path === "/healthz") return answer(response, 200, "ok");
    if (path !== "/readyz") return answer(response, 404, "only /healthz and /readyz are here");
    const ready = health.ready();
    answer(response, ready ? 200 : 503, ready ? "ready" : "draining");
  });
  try {
    server.listen({ host: address.host, port: address.port });
    await once(server, "listening");
  } catch (error) {
    throw explained(error, address);
  }
  const bound = server.address();
  return { port: typeof bound === "object" && bound !== null ? bound.port : address.port, close: () => close(server) };
}

function answer(response: ServerResponse, code: number, status: string): void {
  response.writeHead(code, { "content-type": "application/json; charset=utf-8" }).end(JSON.stringify({ status }));
}

async function close(server: Server): Promise<void> {
  const closed = once(server, "close");
  server.close();
  server.closeAllConnections(); // a probe that keeps its connection must not keep the process
  await closed;
}

/** Turns an error of `listen` into a message with a remedy. */
function explained(cause: unknown, address: { readonly host: string; readonly port: number }): unknown {
  const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
  const why =
    code === "EADDRINUSE"
      ? "another process listens there"
      : code === "EACCES"
        ? "this user has no permission"
        : undefined;
  if (why === undefined) return cause;
  return bindFailed(
    `cannot serve HTTP on ${address.host}:${address.port}: ${why}. Nothing was started. Choose another port with --ui-port (0 takes any free one), or stop the process that holds it.`,
    { cause, fields: { host: address.host, port: address.port } },
  );
}
