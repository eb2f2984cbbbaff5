import type { FunctionRef } from "@millrace/operators";
import { badArgument } from "../errors.ts";
import type { JobContext } from "../job/job-context.ts";
import { Accumulator, NumberAccumulator, shippedSpec } from "./accumulator.ts";
import { type AccumulatorSpec, type AnySpec, anySpec, specOf } from "./accumulator-kinds.ts";

/** A sum of numbers. */
export function newNumbers(context: JobContext, kind: "long" | "double", name: string | undefined): NumberAccumulator {
  const { identity, home } = context.newAccumulator(kind, name, specOf(kind));
  return new NumberAccumulator(identity, home);
}

/** A list of values. */
export function newCollection<T>(context: JobContext, name: string | undefined): Accumulator<T, T[]> {
  const { identity, home } = context.newAccumulator("collection", name, specOf("collection"));
  return new Accumulator<T, T[]>(identity, home);
}

/**
 * A custom accumulator.
 *
 * @throws BAD_ARGUMENT A function is missing. @throws FUNCTION_NOT_SHIPPABLE, CAPTURE_NOT_SHIPPABLE
 */
export function newCustom<T, S, R>(
  context: JobContext,
  spec: AccumulatorSpec<T, S, R>,
  name: string | undefined,
): Accumulator<T, R> {
  const any = checkSpec(spec);
  context.checked(specRef(any));
  const { identity, home } = context.newAccumulator("custom", name, any);
  return new Accumulator<T, R>(identity, home);
}

/** A reference whose captures are the functions of a spec, so that they are checked like captured functions. */
function specRef(spec: AnySpec): FunctionRef {
  return { id: "accumulator", captures: () => [shippedSpec(spec)], names: ["accumulator"], site: undefined };
}

/** @throws BAD_ARGUMENT */
function checkSpec<T, S, R>(spec: AccumulatorSpec<T, S, R>): AnySpec {
  for (const name of ["zero", "add", "merge"] as const) {
    if (typeof spec?.[name] === "function") continue;
    throw badArgument(
      `an accumulator takes the functions zero(), add(total, value) and merge(a, b), and has no ${name}.`,
    );
  }
  return anySpec(spec);
}
