/**
 * A function of the job that an operator captures. Lineage does not know record types: the public methods have checked
 * them, so a function may take narrower parameters than stated here. Its arity and result are checked.
 */
export type JobFunction<Parameters extends readonly unknown[], Result = unknown> = {
  // A method, because TypeScript compares the parameters of methods in both directions.
  call(...parameters: Parameters): Result;
}["call"];
