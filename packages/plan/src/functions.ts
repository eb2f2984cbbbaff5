import { type ErrorFactory, errorKind, type SourceSite } from "@millrace/base";
import type { AnyClass } from "@millrace/codec";
import type { AnyFunction } from "@millrace/operators";

/**
 * What a bundled job finds at `globalThis[Symbol.for("millrace.job")]` while it is loaded. The bundler writes calls of
 * these into the author's code: `tag` into the driver's build, `define` into the executors', the others into both.
 */
export interface JobHooks {
  /**
   * Marks a function made by the job: its id, what it captures (read anew at each call of `captures`), and where it stands.
   *
   * Classes are tagged too (a class is a function to whom it asks).
   *
   * @param assigned Captured variables that its body assigns to: harmless in a driver body, refused when it is handed to an operator.
   * @param refusals All that forbids shipping it, assignments included, in source order: to be thrown as FUNCTION_NOT_SHIPPABLE
   *   when it is handed to an operator. Such a function has no factory in the executors' build.
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
  /** Registers the factory of a function: captures as parameters, in the order that `tag` gives them. */
  define(id: string, factory: (...captures: never[]) => unknown): void;
  /** Registers a class of the job, so that its instances keep their type on the wire. */
  defineClass(id: string, type: AnyClass): void;
  /** Registers what an import of a package brought, by `package#export`, so that functions of packages ship by name. */
  defineImport(id: string, value: unknown): void;
}

/** One reason why a function of the job cannot leave the driver. */
export interface ShipRefusal {
  /** A sentence or two with the variable's name and the remedy. */
  readonly message: string;
  /** Where in the author's source the offending expression stands. */
  readonly site: SourceSite;
}

export const JOB_HOOKS: unique symbol = Symbol.for("millrace.job") as never; // a registered symbol has no literal type

export const functionNotShippable: ErrorFactory = errorKind("FUNCTION_NOT_SHIPPABLE", "user");
export const functionUnknown: ErrorFactory = errorKind("FUNCTION_UNKNOWN", "engine");
