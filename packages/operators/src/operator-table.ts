import type { AnyOperator } from "./operator.ts";
import * as operators from "./operators.ts";

const byId: ReadonlyMap<string, AnyOperator> = new Map(
  Object.values(operators).map((one): [string, AnyOperator] => [one.id, one]),
);

/** The operator of an id; `undefined` for any other function, or for one of another version of the engine. */
export function operatorOf(id: string): AnyOperator | undefined {
  return byId.get(id);
}
