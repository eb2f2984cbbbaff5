import type { AnyOperator } from "./operator.ts";
import * as operators from "./operators.ts";

const byId: ReadonlyMap<string, AnyOperator> = new Map(
  Object.values(operators).map((one): [string, AnyOperator] => [one.id, one]),
);

/** The operator with an id; `undefined` for other functions and for operators of another version of the engine. */
export function operatorOf(id: string): AnyOperator | undefined {
  return byId.get(id);
}
