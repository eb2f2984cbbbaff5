// A sink of exactly once, as a package would bring it: lines of text, a file for each batch, on storage that all processes
// share. What is prepared is a hidden file; a batch is committed by one rename, which cannot happen by halves or twice.
import { mkdir, open, readdir, readFile, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Sink, SinkBatch, SinkTask, SinkWriter } from "millrace";

interface Options {
  readonly directory: string;
}

/** `1700000000000-0-1-3`: batch, partition, attempt and epoch. Nothing else has the same, and all of it can be told apart. */
interface Staged extends Pick<SinkTask, "time" | "epoch"> {
  readonly name: string;
}

export function ledger(directory: string): Sink<string, string, Options> {
  const staging = (output: string): string => join(directory, `.${output}`);

  /** Of all batches and epochs. */
  async function staged(output: string): Promise<readonly Staged[]> {
    const names = await readdir(staging(output)).catch(() => []); // nothing was ever written
    return names.map((name) => {
      const [time = 0, , , epoch = 0] = name.split("-").map(Number);
      return { name, time, epoch };
    });
  }

  async function discard({ output }: Pick<SinkBatch, "output">, isOrphan: (one: Staged) => boolean): Promise<void> {
    for (const one of await staged(output))
      if (isOrphan(one)) await rm(join(staging(output), one.name), { force: true });
  }

  return {
    label: `ledger ${directory}`,
    options: { directory },
    open: openLedger,

    async recover({ output, epoch, pending }) {
      const kept = new Set(pending?.prepared);
      await discard({ output }, (one) => one.epoch < epoch && !kept.has(one.name));
    },

    async commit(batch, prepared) {
      const target = join(directory, `${batch.output}-${batch.time}`);
      // An earlier call may have got as far as this: then the files that it was made of may be gone.
      if (!(await exists(target)) && prepared.length > 0) {
        const whole = join(staging(batch.output), `${batch.time}-whole-0-${batch.epoch}`);
        const texts = prepared.map((name) => readFile(join(staging(batch.output), name), "utf8"));
        await writeDurably(whole, (await Promise.all(texts)).join(""));
        await rename(whole, target);
      }
      // Of other attempts at this batch, and of those at earlier ones that came late.
      await discard(batch, ({ time }) => time <= batch.time);
    },

    abort: (batch) => discard(batch, ({ time }) => time <= batch.time),
  };
}

/** Runs in tasks. */
async function openLedger(task: SinkTask, { directory }: Options): Promise<SinkWriter<string, string>> {
  const staging = join(directory, `.${task.output}`);
  const name = `${task.time}-${task.partition}-${task.attempt}-${task.epoch}`;
  const lines: string[] = [];
  await mkdir(staging, { recursive: true });
  return {
    write: (some) => void lines.push(...some),
    async prepare() {
      await writeDurably(join(staging, name), lines.map((line) => `${line}\n`).join(""));
      return name;
    },
  };
}

async function writeDurably(path: string, text: string): Promise<void> {
  const file = await open(path, "w");
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
