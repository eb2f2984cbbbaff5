import type { Lineage } from "@millrace/plan";
import { runAction } from "./action.ts";
import { checkOptions } from "./check-all.ts";
import { decodeRecords } from "./collection.ts";
import { badArgument, outputExists, outputLost } from "./errors.ts";
import type { JobContext } from "./job-context.ts";
import { resolvePath } from "./source/found-files.ts";

const NOTHING = new Uint8Array(0);

/** How records are written. */
export interface SaveFormat {
  readonly kind: "saveText" | "saveObjects";
  /** What the author calls it. */
  readonly operator: string;
  /** Of the names of part files. */
  readonly suffix: string;
}

/** How files of text are written. */
export interface SaveTextOptions {
  /** Compresses each part file, whose name then ends in `.gz`. None if it is left out. */
  readonly codec?: "gzip" | undefined;
}

/** @throws BAD_ARGUMENT */
export function textFormat(options: SaveTextOptions, operator: string): SaveFormat {
  const { codec } = checkOptions(options, ["codec"], operator);
  if (codec !== undefined && codec !== "gzip") {
    throw badArgument(`the codec of ${operator} is ${JSON.stringify(codec)}; it can be "gzip", or be left out.`);
  }
  return { kind: "saveText", operator, suffix: codec === undefined ? "" : ".gz" };
}

export const objectFormat = (operator: string): SaveFormat => ({ kind: "saveObjects", operator, suffix: "" });

/** `part-00042`. */
function partName(partition: number, suffix: string): string {
  return `part-${String(partition).padStart(5, "0")}${suffix}`;
}

/**
 * Saves an RDD. Tasks write below a hidden directory beside the target; when all are done the part files of the
 * attempts that counted get their names, `_SUCCESS` joins them, and one rename makes the whole visible.
 *
 * @throws FILE_SYSTEM_UNKNOWN
 * @throws OUTPUT_EXISTS Something is there already, and this is not a rerun of the batch that wrote it.
 */
export async function saveRecords(
  context: JobContext,
  target: Lineage,
  path: string,
  format: SaveFormat,
): Promise<void> {
  if (typeof path !== "string" || path === "") throw badArgument("the path to save to is missing. Give a directory.");
  const scope = context.requireBatch(format.operator);
  const { files } = context.port;
  const directory = resolvePath(context, path, format.operator);
  const exists = (await files.stat(directory)) !== undefined;
  if (exists && !scope.rerun) {
    throw outputExists(
      `the output directory ${directory} exists already, and this batch has not written it. Nothing is written. Remove it, or save to another path; saveAsTextFiles gives each batch its own.`,
    );
  }
  const staging = stagingOf(directory, scope.time);
  await files.remove(staging); // what an attempt at this batch left behind before the driver died
  await files.makeDirectory(`${staging}/_temporary`);
  try {
    const blocks = await runAction(context, {
      name: format.operator,
      target,
      sink: {
        kind: format.kind,
        output: (partition) => ({ directory: staging, file: partName(partition, format.suffix) }),
      },
    });
    await nameParts(context, staging, blocks, format.suffix);
    await files.remove(`${staging}/_temporary`);
    await files.writeFile(`${staging}/_SUCCESS`, NOTHING);
    if (exists) await files.remove(directory);
    await files.rename(staging, directory);
  } catch (error) {
    await files.remove(staging).catch(() => {}); // the first error is the one to tell
    throw error;
  }
}

/** Gives the files of the attempts that counted their names. */
async function nameParts(
  context: JobContext,
  staging: string,
  blocks: readonly Uint8Array[],
  suffix: string,
): Promise<void> {
  if (blocks.length === 0) return;
  const { files } = context.port;
  const written = await latestAttempts(context, `${staging}/_temporary`);
  await Promise.all(
    blocks.map((block, partition) => {
      const file = partName(partition, suffix);
      const path = writtenName(context, block, staging) ?? written.get(file);
      if (path === undefined) {
        throw outputLost(
          `the file ${file} that a task has written below ${staging} is not there. The batch fails. ` +
            "Output has to be on storage that the driver and all executors share; check that they see the same directory.",
        );
      }
      return files.rename(path, `${staging}/${file}`);
    }),
  );
}

/** The file that a task names in its result. */
function writtenName(context: JobContext, block: Uint8Array, staging: string): string | undefined {
  const [name] = block.length === 0 ? [] : decodeRecords(context, block);
  return typeof name === "string" ? `${staging}/_temporary/${name}` : undefined;
}

/** By part file: what its last attempt has written. A task has no attempt after the one that succeeded. */
async function latestAttempts(context: JobContext, directory: string): Promise<Map<string, string>> {
  const latest = new Map<string, { readonly attempt: number; readonly path: string }>();
  for (const { path } of (await context.port.files.list(directory)) ?? []) {
    const match = /(?:^|\/)(\d+)-(part-\d+(?:\.gz)?)$/.exec(path);
    const [, attempt, file] = match ?? [];
    if (attempt === undefined || file === undefined) continue;
    const known = latest.get(file);
    if (known === undefined || known.attempt < Number(attempt)) latest.set(file, { attempt: Number(attempt), path });
  }
  return new Map([...latest].map(([file, { path }]) => [file, path]));
}

/** Hidden, beside the target, so that the last rename stays within one file system. */
function stagingOf(directory: string, time: number): string {
  const cut = directory.lastIndexOf("/") + 1;
  return `${directory.slice(0, cut)}.${directory.slice(cut)}.${time}.writing`;
}
