import { once } from "node:events";
import { availableParallelism } from "node:os";
import { SystemClock } from "@millrace/base";
import type { Console } from "./console.ts";
import { engine } from "./engine-adapter.ts";
import { watchSignals } from "./signals.ts";

/** The real process. A reader that goes away, as `head` does, ends it quietly. */
export function processConsole(): Console {
  const clock = new SystemClock();
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit(0);
    throw error;
  });
  return {
    env: process.env,
    engine,
    clock,
    cores: availableParallelism(),
    async out(text) {
      if (!process.stdout.write(text)) await once(process.stdout, "drain");
    },
    err: (text) => void process.stderr.write(text),
    interrupts: watchSignals(clock, process),
  };
}
