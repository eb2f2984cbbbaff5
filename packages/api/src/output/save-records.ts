import { entriesOf, type FileSystem, type Location, nameIn, parentOf, within } from "@millrace/files";
import type { Lineage } from "@millrace/plan";
import { runSave } from "../action/action.ts";
import type { BatchScope } from "../batch/batch-scope.ts";
import { badArgument, outputExists, outputLost } from "../errors.ts";
import type { JobContext } from "../job/job-context.ts";
import { checkOptions } from "../refusal/check-all.ts";
import { resolvePath } from "../source/found-files.ts";
import { discardFiles, publishFiles, type Staged, wholeOf } from "./staged-files.ts";

/** The format of saved records. */
export interface SaveFormat {
  readonly kind: "saveText" | "saveObjects";
  /** The public name of the operation. */
  readonly operator: string;
  /** The suffix of the names of part files. */
  readonly suffix: string;
}

/** Options of `saveAsTextFile` and `saveAsTextFiles`. */
export interface SaveTextOptions {
  /** Compresses each part file, whose name then ends in `.gz`. Default: no compression. */
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
 * Saves an RDD for an action: its files are visible when this resolves, whatever the fate of the batch.
 *
 * @throws FILE_SYSTEM_UNKNOWN
 * @throws OUTPUT_EXISTS The target already exists.
 */
export async function saveRecords(
  context: JobContext,
  target: Lineage,
  path: string,
  format: SaveFormat,
): Promise<void> {
  const { files } = context.port;
  const staged = await stageRecords(context, target, path, format);
  try {
    await publishFiles(files, staged, context.conf);
  } catch (error) {
    await discardFiles(files, staged);
    throw error;
  }
}

/**
 * Stages an RDD's files without publishing them. Tasks write to a hidden directory beside the target, under the numbers
 * of their attempts. The files that they report are renamed into a second directory there, and `_SUCCESS` is added.
 * Other attempts, however late, write only to the first directory.
 *
 * @throws FILE_SYSTEM_UNKNOWN
 * @throws OUTPUT_EXISTS The target already exists, or another output of the batch has staged files for it.
 */
export async function stageRecords(
  context: JobContext,
  target: Lineage,
  path: string,
  format: SaveFormat,
): Promise<Staged> {
  if (typeof path !== "string" || path === "") throw badArgument("the path to save to is missing. Give a directory.");
  const scope = context.requireBatch(format.operator);
  const directory = resolvePath(context, path, format.operator);
  await checkFree(context, scope, directory);
  const files = context.port.files.for(directory);
  const staging = stagingOf(directory, scope.time, context.epoch);
  await removeEarlier(context, scope, directory);
  await files.remove(staging); // left by an interrupted run of this batch
  await files.makeDirectory(within(staging, "_temporary"));
  try {
    const written = await runSave(context, {
      name: format.operator,
      target,
      sink: {
        kind: format.kind,
        output: (partition) => ({ directory: staging, file: partName(partition, format.suffix) }),
      },
    });
    const parts = written.map((part, partition) => ({ ...part, file: partName(partition, format.suffix) }));
    await files.makeDirectory(wholeOf(staging));
    await Promise.all(
      written.map(({ file }, partition) =>
        nameFile(
          files,
          within(staging, "_temporary", file),
          within(wholeOf(staging), partName(partition, format.suffix)),
        ),
      ),
    );
    await files.write(within(wholeOf(staging), "_SUCCESS"), []);
    if (context.conf["checkpoint.sync"] === "on") {
      const names = [...parts.map(({ file }) => file), "_SUCCESS"];
      await files.sync?.(
        names.map((name) => within(wholeOf(staging), name)),
        staging,
      );
    }
    return { staging, directory, files: parts };
  } catch (error) {
    await discardFiles(context.port.files, { staging }); // the first error is the one to report
    throw error;
  }
}

/** @throws OUTPUT_EXISTS */
async function checkFree({ port }: JobContext, { preparedOutputs }: BatchScope, directory: Location): Promise<void> {
  const other = preparedOutputs.find((known) => known.kind === "files" && known.directory === directory);
  if (other === undefined && (await port.files.for(directory).stat(directory)) === undefined) return;
  const why = other === undefined ? "already exists" : `is the one that ${other.output.label} writes in this batch`;
  throw outputExists(
    `the output directory ${directory} ${why}. Nothing is written. Remove it, or save to another path; saveAsTextFiles gives each batch its own.`,
  );
}

/** Gives the file of the successful attempt its final name. @throws OUTPUT_LOST */
async function nameFile(files: FileSystem, from: Location, to: Location): Promise<void> {
  try {
    await files.publish(from, to);
  } catch (error) {
    if ((await files.stat(from)) !== undefined) throw error;
    throw outputLost(
      `the file ${from} that a task has written is missing. The batch fails. ` +
        "Output has to be on storage that the driver and all executors share; check that they see the same directory.",
      { cause: error },
    );
  }
}

/** Hidden, beside the target, so that publishing stays within one file system. @param epoch 0 of a job without a batch log. */
function stagingOf(directory: Location, time: number, epoch: number): Location {
  const owner = epoch === 0 ? "" : `.${epoch}`;
  return within(parentOf(directory), `.${nameIn(directory)}.${time}${owner}.writing`);
}

/**
 * What an earlier owner of the batch log has staged for the batch that this one runs again. Without it, that owner cannot publish
 * it any more, should it only have been paused.
 */
async function removeEarlier(context: JobContext, scope: BatchScope, directory: Location): Promise<void> {
  const { epoch, port } = context;
  if (!scope.rerun) return;
  const files = port.files.for(directory);
  const [prefix, suffix] = [`.${nameIn(directory)}.${scope.time}.`, ".writing"];
  for (const { name, path } of (await entriesOf(files, parentOf(directory))) ?? []) {
    if (!name.startsWith(prefix) || !name.endsWith(suffix)) continue;
    const other = Number(name.slice(prefix.length, -suffix.length));
    if (other > 0 && other < epoch) await files.remove(path);
  }
}
