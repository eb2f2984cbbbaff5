import { join } from "node:path";
import { type Bench, type Engine, forEngines, type Sample } from "../bench.ts";
import { Child } from "../child.ts";
import { commandOf, jobFile } from "../millrace.ts";

/** From the command to the first result of a job at 100 ms, its bundle cached. */
export const startUp: Bench = {
  name: "start-up",
  what: "command to first batch done at a 100 ms interval, bundle cached; then to exit after --batches 1",
  rounds: 5,
  metrics: { firstBatchMs: { unit: "ms", better: "lower" }, exitMs: { unit: "ms", better: "lower" } },
  subjects: (options) =>
    forEngines(options, (engine) =>
      [
        { name: "local[2]", command: commandOf(engine), master: "local[2]" },
        { name: "local-cluster[2,1]", command: commandOf(engine), master: "local-cluster[2,1]" },
        { name: "scripts/millrace local[2]", command: join(engine.root, "scripts/millrace"), master: "local[2]" },
      ].map(({ name, command, master }) => ({ name, run: () => started(engine, command, master) })),
    ),
};

const warmed = new WeakSet<Engine>();

async function started(engine: Engine, command: string, master: string): Promise<Sample> {
  if (!warmed.has(engine)) await once(command, master); // fills the bundle cache
  warmed.add(engine);
  return once(command, master);
}

async function once(command: string, master: string): Promise<Sample> {
  let firstBatchMs: number | undefined;
  const started = performance.timeOrigin + performance.now();
  const child = new Child({
    args: [command, "run", jobFile("start-up"), "--master", master, "--batches", "1"],
    onReport: ({ at }) => {
      firstBatchMs ??= at === undefined ? undefined : at - started;
    },
  });
  try {
    await child.done;
  } finally {
    await child.stop();
  }
  if (firstBatchMs === undefined) throw new Error("the job ended without a batch");
  return { firstBatchMs, exitMs: performance.timeOrigin + performance.now() - started };
}
