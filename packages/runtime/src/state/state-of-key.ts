import { inspect } from "node:util";
import { EngineError, named } from "@millrace/base";

/** An error about a state that cannot be encoded, with the key that it belongs to. */
export function ofKey(error: unknown, key: unknown): unknown {
  const shown = inspect(key, { breakLength: Number.POSITIVE_INFINITY, maxStringLength: 200 });
  return error instanceof EngineError ? named(error, `the state of the key ${shown}`) : error;
}
