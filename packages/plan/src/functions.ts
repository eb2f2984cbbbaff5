import { type ErrorFactory, errorKind, type SourceSite } from "@millrace/base";
import type { AnyClass } from "@millrace/codec";
import type { AnyFunction } from "@millrace/operators";

/**
 * The hooks that a bundled job finds at `globalThis[Symbol.for("millrace.job")]` while it is loaded. The bundler
 * inserts calls of them into the author's code: `tag` into the driver's build, `define` into the executors', the others
 * into both.
 */
export interface JobHooks {
  /**
   * Marks a function made by the job with its id, its captures (read at each call of `captures`), and its site.
   *
   * Classes are tagged too, since `typeof` a class is `"function"`.
   *
   * @param assigned Captured variables that its body assigns to: allowed in a driver body, refused when it is passed to
   *   an operator.
   * @param refusals All reasons why it cannot be shipped, assignments included, in source order; thrown as
   *   FUNCTION_NOT_SHIPPABLE when it is passed to an operator. The executors' build has no factory for it.
   */
  tag<F extends AnyFunction>(
    fn: F,
    id: string,
    captures: () => readonly unknown[],
    names: readonly string[],
    site: SourceSite,
    assigned?: readonly string[],
    refusals?: readonly ShipRefusal[],
  ): F;
  /** Registers the factory of a function: captures are its parameters, in the order of `tag`. */
  define(id: string, factory: (...captures: never[]) => unknown): void;
  /** Registers a class of the job, so that instances keep their type across processes. */
  defineClass(id: string, type: AnyClass): void;
  /** Registers the value of a package import under `package#export`, so that functions of packages ship by name. */
  defineImport(id: string, value: unknown): void;
}

/** A reason why a function of the job cannot leave the driver. */
export interface ShipRefusal {
  /** A sentence or two with the variable's name and the remedy. */
  readonly message: string;
  /** The place of the offending expression in the author's source. */
  readonly site: SourceSite;
}

export const JOB_HOOKS: unique symbol = Symbol.for("millrace.job") as never; // a registered symbol has no literal type

export const functionNotShippable: ErrorFactory = errorKind("FUNCTION_NOT_SHIPPABLE", "user");
export const functionUnknown: ErrorFactory = errorKind("FUNCTION_UNKNOWN", "engine");
