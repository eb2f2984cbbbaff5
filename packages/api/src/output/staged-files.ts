import type { JobConf } from "@millrace/base";
import { entriesOf, type FileSystem, type FileSystems, type Location, within } from "@millrace/files";
import type { StagedFiles } from "@millrace/plan";
import { outputExists } from "../errors.ts";

/** The part of an output that suffices to publish or remove its files. */
export type Staged = Omit<StagedFiles, "kind" | "output">;

/** The directory of the files to be published, beside those of attempts. */
export const wholeOf = (staging: Location): Location => within(staging, "whole");

/**
 * Publishes staged files. May be retried after an error: files that an earlier attempt has published unnoticed are
 * recognised by their tokens.
 *
 * @throws OUTPUT_EXISTS The target was created since they were staged.
 */
export async function publishFiles(systems: FileSystems, staged: Staged, conf: JobConf): Promise<void> {
  const { directory, staging } = staged;
  const files = systems.for(directory);
  const exists = (await files.stat(directory)) !== undefined;
  if (exists && !(await holdsOurs(files, staged))) {
    throw outputExists(
      `the output directory ${directory} already exists: it was created while the batch ran. The files that this batch staged for it are ` +
        "removed. Remove the directory, or save to another path; saveAsTextFiles gives each batch its own.",
    );
  }
  const whole = wholeOf(staging);
  if (!exists || (await files.stat(whole)) !== undefined) await files.publish(whole, directory);
  if (conf["checkpoint.sync"] === "on") await files.sync?.([], directory);
  await discardFiles(systems, staged);
}

/** Removes staged files. Never rejects: what cannot be removed stays hidden. */
export async function discardFiles(systems: FileSystems, { staging }: Pick<Staged, "staging">): Promise<void> {
  await systems
    .for(staging)
    .remove(staging)
    .catch(() => undefined);
}

/** Whether a directory contains files of this output and no others. */
async function holdsOurs(files: FileSystem, { directory, files: parts }: Staged): Promise<boolean> {
  const tokens = new Map(parts.map(({ file, token }) => [file, token]));
  const entries = (await entriesOf(files, directory)) ?? [];
  return (
    entries.length > 0 && entries.every(({ name, version }) => name === "_SUCCESS" || tokens.get(name) === version)
  );
}
