import { unreachable } from "@millrace/base";
import type { FixedInput } from "@millrace/plan";

/** The contribution of an input to a batch, for listeners and operators. */
export interface InputReport {
  /** 0 if it is unknown before the records are read. */
  readonly records: number;
  /** The paths, for an input of files. */
  readonly files?: readonly string[];
}

/** The report of a fixed input; `undefined` if it was not fixed. */
export function inputReport(fixed: FixedInput | undefined): InputReport | undefined {
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
      return { records: fixed.records ?? 0 };
    case "failed":
      return undefined;
    default:
      return unreachable(fixed);
  }
}
