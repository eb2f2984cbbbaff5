/**
 * A chat room: serves generated messages over TCP until it is interrupted.
 *
 *     node chat-generator.js [--host 127.0.0.1] [--port 9999] [--rate 5] [--until-stdin-ends]
 *
 * Port 0 picks a free port; the first line on standard output names it. `--until-stdin-ends`: also exits when the
 * process that started it does, for whatever reason.
 */
import { parseArgs } from "node:util";
import { nextMessage } from "./chat-script.ts";
import { ChatServer } from "./chat-server.ts";

const RATE_MAX = 1_000_000;

function readOptions() {
  const { values } = parseArgs({
    options: {
      host: { type: "string", default: "127.0.0.1" },
      port: { type: "string", default: "9999" },
      rate: { type: "string", default: "5" },
      "until-stdin-ends": { type: "boolean", default: false },
    },
  });
  const port = Number(values.port);
  const rate = Number(values.rate);
  if (!/^\d+$/.test(values.port) || port > 65_535) throw new Error(`--port ${values.port} is not a port: 0 to 65535`);
  if (!(rate > 0 && rate <= RATE_MAX))
    throw new Error(`--rate ${values.rate}: give messages a second, up to ${RATE_MAX}`);
  return { host: values.host, port, rate, untilStdinEnds: values["until-stdin-ends"] };
}

try {
  const { untilStdinEnds, ...options } = readOptions();
  const server = new ChatServer({ ...options, next: () => nextMessage(Math.random) });
  console.log(`chat generator listening on ${options.host}:${await server.listen()}`);
  const stop = async (): Promise<never> => {
    await server.close();
    if (server.missed > 0) console.error(`${server.missed} messages did not reach clients that read too slowly`);
    process.exit(0);
  };
  for (const name of ["SIGINT", "SIGTERM"] as const) process.once(name, stop);
  if (untilStdinEnds) process.stdin.resume().once("end", stop);
} catch (error) {
  console.error(`chat generator: ${error instanceof Error ? error.message : error}`);
  process.exit(2);
}
