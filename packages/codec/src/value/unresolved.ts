import { throwCorrupt } from "../errors.ts";

/** A reference whose captures are still being read: a function that captures itself, perhaps through others. */
export class Unresolved {
  #forward: ((...args: unknown[]) => unknown) | undefined;
  #target: unknown;

  /** A function that calls the resolved target. */
  forward(): unknown {
    const target = (): ((...args: unknown[]) => unknown) => {
      if (isCallable(this.#target)) return this.#target;
      return throwCorrupt("a function is called before it is complete");
    };
    this.#forward ??= function forward(this: unknown, ...args: unknown[]): unknown {
      if (new.target === undefined) return Reflect.apply(target(), this, args);
      return Reflect.construct(target(), args, new.target === forward ? target() : new.target);
    };
    return this.#forward;
  }

  settle(value: unknown): void {
    this.#target = value;
    if (this.#forward !== undefined && typeof value !== "function") throwCorrupt("a cycle leads through no function");
  }
}

function isCallable(value: unknown): value is (...args: unknown[]) => unknown {
  return typeof value === "function";
}
