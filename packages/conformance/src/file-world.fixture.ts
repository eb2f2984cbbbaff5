import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { later } from "./clean-up.fixture.ts";
import { GateServer } from "./gate-server.fixture.ts";

/** What `jobs/restarts.ts` reads and saves, words of files and their totals, and the gates at which its batches stop. */
export async function fileWorld() {
  const directory = await mkdtemp(join(tmpdir(), "millrace-restarts-"));
  later(() => rm(directory, { recursive: true, force: true }));
  await mkdir(join(directory, "in"));
  const gates = await GateServer.listen();
  later(() => gates.close());
  const fed: string[] = [];
  const recordsOf = async (name: string): Promise<string[]> => {
    const files = (await readdir(join(directory, "out", name))).filter((file) => file.startsWith("part-"));
    const texts = await Promise.all(files.map((file) => readFile(join(directory, "out", name, file), "utf8")));
    return texts.flatMap((text) => text.split("\n").filter((line) => line !== ""));
  };
  const visible = async (output: string): Promise<string[]> => {
    const names = await readdir(join(directory, "out")).catch(() => []);
    return names.filter((name) => name.startsWith(output)).sort();
  };
  return {
    fed,
    visible,
    gates,
    /** The arguments of `jobs/restarts.ts`. */
    args: [directory, String(gates.port)],
    /** Moves a file with these words into the directory that the job reads. */
    feed: async (...words: readonly string[]): Promise<void> => {
      const name = `file-${fed.length}`;
      fed.push(...words);
      await writeFile(join(directory, name), words.join("\n"));
      await rename(join(directory, name), join(directory, "in", name));
    },
    /** The next batch that has words stands at this gate. */
    stands: (at: string) => gates.hold((arrival) => arrival.at === at),
    /** The words of all batches. */
    words: async () => (await Promise.all((await visible("words")).map(recordsOf))).flat().sort(),
    /** What is left of what was staged. */
    hidden: async () => (await readdir(join(directory, "out"))).filter((name) => name.startsWith(".")),
    /** What the last batch has saved of an output. */
    latest: async (output: string) => (await recordsOf((await visible(output)).at(-1) ?? "")).sort(),
    totals: async () => (await recordsOf((await visible("totals")).at(-1) ?? "")).sort(),
  };
}

/** `a=2`, … */
export function countsOf(words: readonly string[]): readonly string[] {
  return [...new Set(words)].map((word) => `${word}=${words.filter((other) => other === word).length}`).sort();
}
