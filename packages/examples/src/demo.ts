import type { FileSystem, Location } from "millrace";

/** The part of a demonstration that `npm run example` does not do for all of them: what the job finds, and what came of it. */
export interface Demo {
  /** The servers that it needs, each started by the script of this name in `scripts/servers`. */
  readonly servers: readonly string[];
  /** The job's file, beside the demonstration. */
  readonly job: string;
  /** Makes topics, buckets and tables on fresh servers. */
  prepare(servers: Servers): Promise<Stage>;
}

/** What a server has said of itself when it started, such as KAFKA_BROKERS. */
export type Servers = (name: string) => string;

/** All is there for the job to run. */
export interface Stage {
  /** Arguments of the job. */
  readonly args: readonly string[];
  /** Of the job's processes. */
  readonly env: Readonly<Record<string, string>>;
  /** Feeds the job and shows what it writes, until the show is over or the signal says so. */
  play(signal: AbortSignal): Promise<void>;
  /** Shows what is there after the job has ended. @returns Whether it is what it should be. */
  review(): Promise<boolean>;
  /** Closes connections. */
  close(): Promise<void>;
}

/** The files of parts in what a job has saved there, batch by batch. */
export async function partsBelow(files: FileSystem, directory: Location): Promise<readonly Location[]> {
  if ((await files.stat(directory)) === undefined) return []; // nothing was saved yet
  const found: Location[] = [];
  for await (const page of files.list(directory)) {
    for (const { kind, path, name } of page) {
      if (kind === "directory") found.push(...(await partsBelow(files, path)));
      else if (name.startsWith("part-")) found.push(path);
    }
  }
  return found;
}
