import { unreachable } from "@millrace/base";
import type { FixedInput } from "@millrace/plan";

/** What listeners and operators are told of what a batch reads of an input. */
export interface InputReport {
  /** 0 where it is not known before the records are read. */
  readonly records: number;
  /** Paths, of an input of files. */
  readonly files?: readonly string[];
}

/** `undefined`: it was not fixed. */
export function reportOf(fixed: FixedInput | undefined): InputReport | undefined {
  if (fixed === undefined) return undefined;
  switch (fixed.kind) {
    case "received":
    case "unlogged":
      return { records: fixed.records };
    case "rate":
      return { records: fixed.until - fixed.from };
    case "files":
      return { records: 0, files: fixed.files.map(({ path }) => path) };
    case "external":
      return { records: 0 };
    case "failed":
      return undefined;
    default:
      return unreachable(fixed);
  }
}
