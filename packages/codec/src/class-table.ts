/** Any class. */
export type AnyClass = abstract new (...args: never[]) => object;

/** True for every function: `typeof` does not tell classes apart, and only a class can have an id in a table. */
export function mayBeClass(value: unknown): value is AnyClass {
  return typeof value === "function";
}

/** The job's own classes by the ids that the bundler assigned; the same in every process of the job. */
export interface ClassTable {
  idOf(type: AnyClass): string | undefined;
  constructorOf(id: string): AnyClass | undefined;
}

/** Contains no class: instances of classes are refused. */
export const emptyClassTable: ClassTable = {
  idOf: () => undefined,
  constructorOf: () => undefined,
};
