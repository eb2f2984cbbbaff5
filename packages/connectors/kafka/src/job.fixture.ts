import { type ChildProcess, spawn } from "node:child_process";
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  watch,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const program = here("../../../millrace/bin/millrace.js");

/** A job in a folder of its own, with this package, as it is built, installed beside it. */
export class TestJob {
  readonly folder: string = realpathSync(mkdtempSync(join(tmpdir(), "millrace-kafka-job-")));
  readonly #running = new Set<RunningJob>();

  constructor(text: string) {
    const modules = join(this.folder, "node_modules");
    const installed = join(modules, "@millrace/kafka");
    mkdirSync(installed, { recursive: true });
    cpSync(here("../dist"), join(installed, "dist"), { recursive: true });
    cpSync(here("../package.json"), join(installed, "package.json"));
    symlinkSync(here("../node_modules/@platformatic"), join(modules, "@platformatic"));
    mkdirSync(join(this.folder, "out"));
    writeFileSync(join(this.folder, "job.mjs"), text);
  }

  /** Runs a command of `millrace` on the job. */
  run(command: "run" | "check", { flags = [], args = [], env = {} }: RunOptions = {}): RunningJob {
    const running = new RunningJob(
      spawn(
        process.execPath,
        [program, command, join(this.folder, "job.mjs"), ...flags, ...(args.length === 0 ? [] : ["--", ...args])],
        {
          cwd: this.folder,
          stdio: ["ignore", "pipe", "pipe"],
          env: { ...process.env, ...env },
        },
      ),
    );
    this.#running.add(running);
    return running;
  }

  /** The lines of an output of the job, `out/NAME-TIME`, batch by batch. */
  saved(name: string): string[] {
    const batches = readdirSync(join(this.folder, "out")).filter((batch) => batch.startsWith(`${name}-`));
    const parts = batches.sort().flatMap((batch) => {
      const folder = join(this.folder, "out", batch);
      return readdirSync(folder)
        .filter((file) => file.startsWith("part-"))
        .sort()
        .map((file) => join(folder, file));
    });
    return parts.flatMap((part) => readFileSync(part, "utf8").split("\n").filter(Boolean));
  }

  /** Resolves when what is saved is so; rejects with all that the job has printed if it ends before. */
  async until(running: RunningJob, fits: () => boolean): Promise<void> {
    const watcher = watch(join(this.folder, "out"));
    try {
      await Promise.race([
        new Promise<void>((resolve, reject) => {
          const look = (): void => {
            if (fits()) resolve();
          };
          watcher.on("change", look).on("error", reject);
          look();
        }),
        running.ended.then(() => {
          if (!fits()) throw new Error(`the job has ended:\n${running.output}`);
        }),
      ]);
    } finally {
      watcher.close();
    }
  }

  async remove(): Promise<void> {
    await Promise.all([...this.#running].map((running) => running.kill()));
    rmSync(this.folder, { recursive: true, force: true });
  }
}

interface RunOptions {
  readonly flags?: readonly string[];
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** A process of a job and what it has printed. */
export class RunningJob {
  readonly #process: ChildProcess;
  /** All that it has printed, on both outputs. */
  output = "";
  readonly ended: Promise<number | null>;
  #waiting: (() => void)[] = [];

  constructor(child: ChildProcess) {
    this.#process = child;
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding("utf8").on("data", (text: string) => {
        this.output += text;
        for (const look of this.#waiting) look();
      });
    }
    this.ended = new Promise((resolve) => child.on("close", resolve));
  }

  /** Resolves when it has printed this; rejects with all that it has printed if it ends without. */
  async says(what: RegExp): Promise<void> {
    await Promise.race([
      new Promise<void>((resolve) => {
        const look = (): void => {
          if (what.test(this.output)) resolve();
        };
        this.#waiting.push(look);
        look();
      }),
      this.ended.then(() => {
        if (!what.test(this.output)) throw new Error(`it ended without saying ${what}:\n${this.output}`);
      }),
    ]);
  }

  /** Asks it to stop, as Ctrl-C does. */
  async stop(): Promise<number | null> {
    this.#process.kill("SIGINT");
    return this.ended;
  }

  /** Ends it at once, with all that it has started. */
  async kill(): Promise<void> {
    this.#process.kill("SIGKILL");
    await this.ended;
  }
}
