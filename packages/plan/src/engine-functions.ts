import { type ClassTable, emptyClassTable } from "@millrace/codec";
import type { AnyFunction } from "@millrace/operators";
import type { EngineFactories } from "./engine-functions/engine-factories.ts";
import { foldFunctions } from "./engine-functions/folds.ts";
import { orderFunctions } from "./engine-functions/orders.ts";
import { placeFunctions } from "./engine-functions/places.ts";
import { recordFunctions } from "./engine-functions/records.ts";
import { sampleFunctions } from "./engine-functions/samples.ts";
import { sourceFunctions } from "./engine-functions/sources.ts";
import { functionUnknown } from "./functions.ts";

/**
 * The engine's own functions, by id: each a factory that takes what its use captures, like the factories of a job's
 * functions. They are pure, and ship by id alone.
 */
const FACTORIES: EngineFactories = {
  ...recordFunctions,
  ...placeFunctions,
  ...orderFunctions,
  ...sampleFunctions,
  ...sourceFunctions,
};

/** Of each class table that asks: a process has one. */
const withClasses = new WeakMap<ClassTable, EngineFactories>();

function factoriesOf(classes: ClassTable): EngineFactories {
  const known = withClasses.get(classes);
  if (known !== undefined) return known;
  const made = { ...FACTORIES, ...foldFunctions(classes) };
  withClasses.set(classes, made);
  return made;
}

/** Ids of all engine functions. */
export const engineFunctionIds: readonly string[] = Object.keys(factoriesOf(emptyClassTable));

/**
 * The engine function of an id.
 *
 * @param captures As its use in lineage captured them.
 * @param classes The job's classes.
 * @throws FUNCTION_UNKNOWN No such function: the processes run different versions.
 */
export function engineFunction(
  id: string,
  captures: readonly unknown[] = [],
  classes: ClassTable = emptyClassTable,
): AnyFunction {
  const factory = factoriesOf(classes)[id];
  if (factory === undefined) {
    throw functionUnknown(`no engine function has the id ${id}. Run the same version of millrace in every process.`);
  }
  return factory(...(captures as never[])); // the planner gives each factory the captures it takes
}
