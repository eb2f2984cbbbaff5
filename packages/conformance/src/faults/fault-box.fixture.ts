import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  watch,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { FAULTS_VARIABLE, type Fault, type Strike } from "./fault.ts";
import { processesOf, signal } from "./processes.ts";

/** What processes load before the engine, as it is built. */
const PRELOADED = fileURLToPath(new URL("./preloaded.js", import.meta.url)).replace(
  /(?<!\/dist)\/src\/faults\//,
  "/dist/src/faults/",
);

const FOLDERS = ["armed", "counts", "struck", "lasting", "processes"] as const;

/** Arms faults in the processes that have its environment, and hears from each that it has struck. */
export class FaultBox {
  readonly directory: string = mkdtempSync(join(tmpdir(), "millrace-faults-"));
  readonly #waiting = new Map<string, (strike: Strike) => void>();
  readonly #watcher;
  #armed = 0;

  constructor() {
    for (const folder of FOLDERS) mkdirSync(join(this.directory, folder));
    this.#watcher = watch(join(this.directory, "struck"), () => this.#look());
  }

  /** Of each process that is to feel the faults. */
  get env(): Readonly<Record<string, string>> {
    if (!existsSync(PRELOADED)) throw new Error(`${PRELOADED} is missing: build first (npx tsc -b)`);
    return { NODE_OPTIONS: `--import ${PRELOADED}`, [FAULTS_VARIABLE]: this.directory };
  }

  /** @returns Resolves when it has struck. */
  arm(fault: Omit<Fault, "id">): ArmedFault {
    this.#armed += 1;
    const id = `${this.#armed}`;
    const struck = new Promise<Strike>((resolve) => this.#waiting.set(id, resolve));
    const file = join(this.directory, "armed", id);
    writeFileSync(file, JSON.stringify({ ...fault, id }));
    renameSync(file, `${file}.json`); // whole at once
    return {
      struck,
      disarm: () => {
        for (const folder of ["armed", "lasting"]) rmSync(join(this.directory, folder, `${id}.json`), { force: true });
      },
    };
  }

  /** Ends what is left of the processes: one that sleeps, in a test that has failed before it was to wake up, would stay for good. */
  close(): void {
    this.#watcher.close();
    for (const { pid } of processesOf(this.directory)) signal(pid, "SIGKILL");
    rmSync(this.directory, { recursive: true, force: true });
  }

  #look(): void {
    for (const file of readdirSync(join(this.directory, "struck"))) {
      const id = /^(\d+)\.json$/.exec(file)?.[1];
      const resolve = id === undefined ? undefined : this.#waiting.get(id);
      if (id === undefined || resolve === undefined) continue;
      this.#waiting.delete(id);
      resolve(JSON.parse(readFileSync(join(this.directory, "struck", file), "utf8"))); // what `preloaded.ts` writes
    }
  }
}

export interface ArmedFault {
  readonly struck: Promise<Strike>;
  /** It strikes no more, or its effect ends. */
  disarm(): void;
}
