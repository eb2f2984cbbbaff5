import { EngineError } from "@millrace/base";
import { type CaptureEncodeHooks, captureNotShippable, encodeCaptures } from "@millrace/codec";
import { type FunctionRef, isFunction } from "@millrace/operators";
import type { BlockLocation, EncodedCaptures } from "@millrace/plan";
import { Accumulator, accumulatorCaptures } from "../shared/accumulator.ts";
import { Broadcast, type DriverBroadcast } from "../shared/broadcast.ts";
import { driverOnly } from "./driver-only.ts";
import type { JobRegistry } from "./job-registry.ts";

/** Encodes captured values, and reports values that cannot be encoded in terms of the author's code. */
export class CaptureEncoder {
  readonly #registry: JobRegistry;
  /** The driver's side of each broadcast variable of this job. */
  readonly #broadcasts: WeakMap<Broadcast<unknown>, DriverBroadcast<unknown>>;
  readonly #onUse: (broadcast: DriverBroadcast<unknown>) => void;
  /** Blocks that the current encoding refers to; `undefined` if it only checks and stores nothing. */
  #met: (BlockLocation | Promise<BlockLocation>)[] | undefined;
  readonly #hooks: CaptureEncodeHooks;

  /** @param options.onUse Called with each broadcast variable in an encoding, before its block is looked up. */
  constructor(
    registry: JobRegistry,
    options: {
      readonly broadcasts: WeakMap<Broadcast<unknown>, DriverBroadcast<unknown>>;
      readonly onUse: (broadcast: DriverBroadcast<unknown>) => void;
    },
  ) {
    this.#registry = registry;
    this.#broadcasts = options.broadcasts;
    this.#onUse = options.onUse;
    this.#hooks = { classes: registry.classes, reference: (value) => this.#reference(value) };
  }

  /** The captured values of a template's functions, read now. */
  encode(functions: readonly FunctionRef[]): EncodedCaptures {
    const broadcasts: (BlockLocation | Promise<BlockLocation>)[] = [];
    const values = functions.map((fn) => readCaptures(fn));
    this.#met = broadcasts;
    try {
      return { bytes: this.#encodeValues(functions, values), broadcasts };
    } finally {
      this.#met = undefined;
    }
  }

  /**
   * Encodes one value like captures, `[[value]]`: a broadcast variable, a receiver or a decoder.
   *
   * @throws CAPTURE_NOT_SHIPPABLE It contains a value that cannot ship, or a broadcast variable, which is available to
   *   tasks only.
   */
  encodeValue(value: unknown, what: string): Uint8Array {
    const hooks: CaptureEncodeHooks = {
      ...this.#hooks,
      describe: () => what,
      reference: (inner) => {
        if (!(inner instanceof Broadcast)) return this.#reference(inner);
        throw captureNotShippable(
          `${what} holds the broadcast variable ${inner.id}, which only functions of operators can use. Pass the value itself.`,
        );
      },
    };
    return encodeCaptures([[value]], hooks);
  }

  /**
   * Checks the captures of a function when it is passed to an operator.
   *
   * @param deep Encodes everything to be sure; otherwise only direct captures are checked, and the rest when it ships.
   * @returns False if a captured variable has no value yet, so that it must be checked again later.
   * @throws CAPTURE_NOT_SHIPPABLE Names the variable, the place and the remedy.
   */
  check(fn: FunctionRef, deep: boolean): boolean {
    if (fn.captures === undefined) return true;
    let values: readonly unknown[];
    try {
      values = readCaptures(fn);
    } catch (error) {
      // A variable declared further down: a `const` whose declaration has not run.
      if (error instanceof ReferenceError) return false;
      throw error;
    }
    values.forEach((value, i) => {
      checkOne(value, fn, fn.names[i] ?? `capture ${i}`);
    });
    if (deep) this.#encodeValues([fn], [values]);
    return true;
  }

  #encodeValues(functions: readonly FunctionRef[], values: readonly (readonly unknown[])[]): Uint8Array {
    try {
      return encodeCaptures(values, {
        ...this.#hooks,
        describe: (set, index) => functions[set]?.names[index] ?? `capture ${index}`,
      });
    } catch (error) {
      throw this.#blame(error, functions, values);
    }
  }

  /** Adds the author's line, and the name of the variable if the error does not have it. */
  #blame(error: unknown, functions: readonly FunctionRef[], values: readonly (readonly unknown[])[]): unknown {
    if (!(error instanceof EngineError) || error.code !== captureNotShippable.code) return error;
    const { set } = error.fields;
    const known = typeof set === "number" ? functions[set] : undefined;
    if (known !== undefined) {
      return captureNotShippable(plainMessage(error), { ...siteOf(known), fields: error.fields });
    }
    for (const [f, fn] of functions.entries()) {
      for (const [i, value] of (values[f] ?? []).entries()) {
        try {
          encodeCaptures([[value]], this.#hooks);
        } catch (own) {
          return notShippable(fn, fn.names[i] ?? `capture ${i}`, own);
        }
      }
    }
    return error;
  }

  #reference(value: object): ReturnType<CaptureEncodeHooks["reference"]> {
    if (isFunction(value)) {
      const name = this.#registry.nameOf(value);
      if (name === undefined) return undefined;
      const { ref, tag } = name;
      return ref.captures === undefined
        ? { tag, id: ref.id }
        : { tag, id: ref.id, captures: readCaptures(ref), names: ref.names };
    }
    if (value instanceof Broadcast) return this.#broadcast(value);
    if (value instanceof Accumulator) {
      return { tag: "accumulator", id: String(value.id), captures: accumulatorCaptures(value) };
    }
    const own = driverOnly(value);
    if (own !== undefined) throw captureNotShippable(`it holds ${own.noun}. ${own.remedy}`);
    return undefined;
  }

  #broadcast(broadcast: Broadcast<unknown>): { readonly tag: string; readonly id: string } {
    const backing = this.#broadcasts.get(broadcast);
    if (backing === undefined || broadcast.isDestroyed) {
      throw captureNotShippable(
        `it holds the broadcast variable ${broadcast.id}, which is ${broadcast.isDestroyed ? "destroyed" : "of another job"}. Create a new one with ssc.broadcast(value).`,
      );
    }
    if (this.#met !== undefined) {
      this.#onUse(backing);
      this.#met.push(backing.locate());
    }
    return { tag: "broadcast", id: backing.name };
  }
}

function readCaptures(fn: FunctionRef): readonly unknown[] {
  return fn.captures === undefined ? [] : fn.captures();
}

function checkOne(value: unknown, fn: FunctionRef, name: string): void {
  const own = driverOnly(value);
  if (own !== undefined) {
    throw captureNotShippable(
      `the variable "${name}" is captured by a function that runs on executors, and is ${own.noun}. ${own.remedy}`,
      siteOf(fn),
    );
  }
  if (value instanceof Promise) {
    throw captureNotShippable(
      `the variable "${name}" is captured by a function that runs on executors, and is a promise. Await it on the driver and capture its result.`,
      siteOf(fn),
    );
  }
}

function notShippable(fn: FunctionRef, name: string, cause: unknown): EngineError {
  const detail = cause instanceof Error ? plainMessage(cause) : String(cause);
  return captureNotShippable(
    `the variable "${name}" is captured by a function that runs on executors, and cannot be sent there: ${detail}`,
    { ...siteOf(fn), cause },
  );
}

function plainMessage(error: Error): string {
  return error.message.replace(/^\[[A-Z_]+\] /, "");
}

function siteOf(fn: FunctionRef) {
  return fn.site === undefined ? {} : { site: fn.site };
}
