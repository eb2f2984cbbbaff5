import { createReadStream } from "node:fs";
import type { Command } from "commander";
import { type Console, tell } from "../console.ts";
import { inputUnreadable, stateLineInvalid } from "../errors.ts";
import { ifStopped, lineFormat, Progress } from "../state-progress.ts";
import { parseCount } from "../values.ts";
import { pairsIn } from "./pair-lines.ts";
import type { LineFormat } from "./state-lines.ts";

interface ImportOptions {
  readonly in?: string;
  readonly format: LineFormat;
  readonly partitions?: number;
  readonly schemaVersion?: number;
  readonly from?: string;
}

/** As many as a job may have. */
const PARTITIONS_MAX = 4096;

export function registerImport(state: Command, console: Console): void {
  state
    .command("import")
    .argument("<dir>", "the checkpoint directory to make, empty or not there")
    .argument("[operator]", "the name of the stateful operator (default: each line has it, as export writes it)")
    .option("--in <file>", "the file to read, as export writes it, or of keys and states (default: standard input)")
    .addOption(lineFormat("how it is written"))
    .option(
      "--partitions <n>",
      "the number of partitions (default: those in --from, otherwise 1)",
      parseCount("--partitions", PARTITIONS_MAX),
    )
    .option(
      "--schema-version <n>",
      "the version of the states' schema (default: that in --from, otherwise 1)",
      parseCount("--schema-version"),
    )
    .option("--from <dir>", "a checkpoint or savepoint whose other operators and inputs are taken over")
    .description("make a checkpoint out of keys with their states, for a job to start from")
    .action(async (directory: string, operator: string | undefined, options: ImportOptions) => {
      const { format, partitions, schemaVersion: version, from } = options;
      const what = options.in ?? "standard input";
      const refuse = (line: number, why: string, cause?: unknown): Error =>
        stateLineInvalid(
          `line ${line} of ${what} cannot be imported: ${why.replace(/\.$/, "")}. Nothing is imported. Correct it, and import again.`,
          { cause, fields: { line, file: what } },
        );
      const chunks = options.in === undefined ? console.input() : chunksOf(options.in);
      const progress = new Progress(console);
      const imported = await console.engine.importState({
        ...{ directory, from, operator, partitions, version, refuse },
        pairs: pairsIn({ chunks, format, operator, refuse }),
        onKeys: (keys, phase) => {
          ifStopped(console);
          progress.tell(`${keys} keys ${phase}`);
        },
        clock: console.clock,
        sink: { warn: ({ message }) => tell(console, message), warningOver: () => undefined },
      });
      for (const { name, keys, partitions: count } of imported.operators) {
        const number = `${keys} key${keys === 1 ? "" : "s"} of ${name}`;
        tell(console, `${number} imported into ${directory}, in ${count} partition${count === 1 ? "" : "s"}`);
      }
    });
}

async function* chunksOf(file: string): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    yield* createReadStream(file, { highWaterMark: 1024 * 1024 });
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw inputUnreadable(`${file} cannot be read: ${why}. Nothing is imported. Name a file that this user may read.`, {
      cause: error,
    });
  }
}
