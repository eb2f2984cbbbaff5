import type { ClassTable } from "@millrace/codec";
import type { AnyFunction } from "@millrace/operators";

/** By id: makes the function of what its use captures. */
export type EngineFactories = Readonly<Record<string, (...captures: never[]) => AnyFunction>>;

/** Those that make values of the job's classes. */
export type EngineFactoriesWithClasses = (classes: ClassTable) => EngineFactories;
