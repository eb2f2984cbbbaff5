import type { SourceSite } from "@millrace/base";

/** Any function, with unknown parameters: it can be called only after a cast, which needs a reason. */
export type AnyFunction = (...args: never[]) => unknown;

/** A function as lineage refers to it: an id that every process can resolve, and its captures. */
export interface FunctionRef {
  /** `job.ts#3`, `millrace:add`, `global:JSON.parse`, `import:lodash#chunk`. */
  readonly id: string;
  /** The current captured values, in the order of `names`; `undefined`: it never captures anything. */
  readonly captures: (() => readonly unknown[]) | undefined;
  /** Names of the captures, for messages. */
  readonly names: readonly string[];
  /** The place of the function in the author's source. */
  readonly site: SourceSite | undefined;
}

export function isFunction(value: unknown): value is AnyFunction {
  return typeof value === "function";
}
