import type { SourceSite } from "@millrace/base";
import type { AnyFunction, FunctionRef } from "./function-ref.ts";
import type { Inline, InlineOf } from "./inline.ts";
import type { OperatorPort } from "./operator-port.ts";

const PREFIX = "millrace:";

/** Names an operator in templates and captures. Templates are named by their content, so an id never changes. */
export type OperatorId = `${typeof PREFIX}${string}`;

/** True if an id is that of an operator rather than of a function of the job. */
export function isOperatorId(id: string): id is OperatorId {
  return id.startsWith(PREFIX);
}

/** An operator with unknown captures, as an executor finds it by id. */
export interface AnyOperator {
  readonly id: OperatorId;
  /** Code that replaces a call of the function in a loop; `undefined` if the loop must call it. */
  readonly inline: Inline | undefined;
  /**
   * The function that runs in tasks.
   *
   * @param captures The captures of a reference to this operator.
   */
  make(port: OperatorPort, captures: readonly unknown[]): AnyFunction;
}

/**
 * A function of the engine: its id, the captures of each use, and its code. The driver refers to it; executors
 * instantiate it.
 *
 * @typeParam Captures The parameters of its factory, in order.
 */
export interface Operator<Captures extends readonly unknown[]> extends AnyOperator {
  /**
   * A reference to the operator for lineage. Without captures it is always the same object, so that a template has one slot for it.
   *
   * @param use A function that returns the captured values, called for each batch, and the author's line, for messages.
   */
  ref(...use: UseOf<Captures>): FunctionRef;
}

type UseOf<Captures extends readonly unknown[]> = Captures extends readonly []
  ? []
  : [captures: () => Captures, site?: SourceSite | undefined];

/** Declares an operator that needs only its captures. */
export function operator<Captures extends readonly unknown[], Fn extends AnyFunction>(
  name: string,
  factory: (...captures: Captures) => Fn,
  inline?: InlineOf<Fn>,
): Operator<Captures> {
  return { ...operatorOn<Captures>(name, (_, ...captures) => factory(...captures)), inline };
}

/** Declares an operator that also needs the executor on which it runs. */
export function operatorOn<Captures extends readonly unknown[]>(
  name: string,
  factory: (port: OperatorPort, ...captures: Captures) => AnyFunction,
): Operator<Captures> {
  const id: OperatorId = `${PREFIX}${name}`;
  const plain: FunctionRef = { id, captures: undefined, names: [], site: undefined };
  return {
    id,
    inline: undefined,
    make: (port, captures) => factory(port, ...(captures as Captures)), // only `ref` makes references with this id
    ref: (...use) => {
      const [captures, site]: [(() => readonly unknown[])?, (SourceSite | undefined)?] = use;
      return captures === undefined ? plain : { id, captures, names: [name], site };
    },
  };
}
