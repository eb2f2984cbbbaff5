import type { SourceSite } from "@millrace/base";

/** Any function, whatever it takes: callable only after a cast that says why. */
export type AnyFunction = (...args: never[]) => unknown;

/** A function as lineage refers to it: an id that every process can resolve, and its captures. */
export interface FunctionRef {
  /** `job.ts#3`, `millrace:add`, `global:JSON.parse`, `import:lodash#chunk`. */
  readonly id: string;
  /** The current captured values, in the order of `names`; `undefined`: it never captures anything. */
  readonly captures: (() => readonly unknown[]) | undefined;
  /** Names of the captures, for messages. */
  readonly names: readonly string[];
  /** Where the author wrote it. */
  readonly site: SourceSite | undefined;
}

export function isFunction(value: unknown): value is AnyFunction {
  return typeof value === "function";
}
