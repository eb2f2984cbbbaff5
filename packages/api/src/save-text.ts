import type { Lineage } from "@millrace/plan";
import { runAction } from "./action.ts";
import { decodeRecords } from "./collection.ts";
import { badArgument, outputExists } from "./errors.ts";
import type { JobContext } from "./job-context.ts";

const NOTHING = new Uint8Array(0);

/** `part-00042`. */
function partName(partition: number): string {
  return `part-${String(partition).padStart(5, "0")}`;
}

/**
 * Saves an RDD as text. Tasks write below a hidden directory beside the target; when all are done the part files of the
 * attempts that counted get their names, `_SUCCESS` joins them, and one rename makes the whole visible.
 *
 * @throws OUTPUT_EXISTS Something is there already, and this is not a rerun of the batch that wrote it.
 */
export async function saveAsText(context: JobContext, target: Lineage, path: string): Promise<void> {
  if (typeof path !== "string" || path === "") throw badArgument("the path to save to is missing. Give a directory.");
  const scope = context.requireBatch("saveAsTextFile");
  const { files } = context.port;
  const directory = files.resolve(path);
  const exists = (await files.stat(directory)) !== undefined;
  if (exists && !scope.rerun) {
    throw outputExists(
      `the output directory ${directory} exists already, and this job has not written it. Nothing is written. Remove it, or save to another path.`,
    );
  }
  const staging = stagingOf(directory, scope.time);
  await files.remove(staging); // what an attempt at this batch left behind before the driver died
  await files.makeDirectory(`${staging}/_temporary`);
  try {
    const blocks = await runAction(context, {
      name: "saveAsTextFile",
      target,
      sink: { kind: "saveText", output: (partition) => ({ directory: staging, file: partName(partition) }) },
    });
    await Promise.all(
      blocks.map((block, partition) =>
        files.rename(
          `${staging}/_temporary/${writtenName(context, block, partition)}`,
          `${staging}/${partName(partition)}`,
        ),
      ),
    );
    await files.remove(`${staging}/_temporary`);
    await files.writeFile(`${staging}/_SUCCESS`, NOTHING);
    if (exists) await files.remove(directory);
    await files.rename(staging, directory);
  } catch (error) {
    await files.remove(staging).catch(() => {}); // the first error is the one to tell
    throw error;
  }
}

/** The file that the attempt which counted has written: the one record of its result. */
function writtenName(context: JobContext, block: Uint8Array, partition: number): string {
  const [name] = decodeRecords(context, block);
  return typeof name === "string" ? name : `0-${partName(partition)}`;
}

/** Hidden, beside the target, so that the last rename stays within one file system. */
function stagingOf(directory: string, time: number): string {
  const cut = directory.lastIndexOf("/") + 1;
  return `${directory.slice(0, cut)}.${directory.slice(cut)}.${time}.writing`;
}
