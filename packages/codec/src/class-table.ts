/** Any class. */
export type AnyClass = abstract new (...args: never[]) => object;

/** The job's own classes by the ids that the bundler gave them; the same ids in every process of the job. */
export interface ClassTable {
  idOf(type: AnyClass): string | undefined;
  constructorOf(id: string): AnyClass | undefined;
}

/** Knows no class: instances of classes are refused. */
export const emptyClassTable: ClassTable = {
  idOf: () => undefined,
  constructorOf: () => undefined,
};
