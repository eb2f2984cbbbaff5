import { createLogger, executorId, parseSize, SystemClock } from "@millrace/base";
import { parseAddress } from "@millrace/rpc";
import { memoryLimit } from "../memory.ts";
import { NodeSupervisor } from "./node-supervisor.ts";

// An executor started by hand or by a test, without the command line: settings come from the environment.

const { env } = process;
const log = createLogger({ name: "executor" });
const supervisor = new NodeSupervisor({
  driver: parseAddress(env.MILLRACE_DRIVER ?? "127.0.0.1:7077"),
  token: env.MILLRACE_TOKEN,
  executor: executorId(env.MILLRACE_EXECUTOR ?? `executor-${process.pid}`),
  slots: Number(env.MILLRACE_SLOTS ?? 2),
  memoryBytes: env.MILLRACE_MEMORY === undefined ? Math.floor(memoryLimit() * 0.75) : parseSize(env.MILLRACE_MEMORY),
  host: env.MILLRACE_HOST ?? "127.0.0.1",
  insecure: env.MILLRACE_INSECURE === "1",
  workDir: env.MILLRACE_WORK_DIR ?? ".millrace/executor",
  clock: new SystemClock(),
  log,
});

for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => void supervisor.stop());
const error = await supervisor.ended;
process.exit(error === undefined ? 0 : 1);
