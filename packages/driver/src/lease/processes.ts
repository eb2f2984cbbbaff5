import { fateOf, type ProcessFate, type ProcessIdentity, processIdentity } from "@millrace/base";

/** The processes that may own a directory. */
export interface Processes {
  readonly self: ProcessIdentity;
  fateOf(process: ProcessIdentity): ProcessFate;
}

export const realProcesses = (): Processes => ({ self: processIdentity(process.pid), fateOf });
