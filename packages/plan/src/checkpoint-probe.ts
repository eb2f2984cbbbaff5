import type { Location } from "@millrace/files";

/** A file by which executors show that they reach the checkpoint directory that the job's driver has. */
export interface CheckpointProbe {
  /** The checkpoint directory. */
  readonly directory: Location;
  /** Of the file, in the folder `probe` of that directory. Used once. */
  readonly name: string;
  /** Random, so that only the driver's own file has it. */
  readonly content: string;
}
