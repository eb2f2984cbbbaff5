/**
 * A function of the job that an operator captures. Lineage knows no types of records: the public methods have checked them, so a
 * function may take narrower parameters than stated here. How many it takes, and its result, are checked.
 */
export type JobFunction<Parameters extends readonly unknown[], Result = unknown> = {
  // A method, because TypeScript compares the parameters of methods in both directions.
  call(...parameters: Parameters): Result;
}["call"];
