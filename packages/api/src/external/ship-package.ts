import { JOB_HOOKS, type JobHooks } from "@millrace/plan";
import { badArgument } from "../errors.ts";
import { kindOf } from "../refusal/not-given.ts";

/** A function or class, which executors can look up by name. */
export type Shippable = ((...args: never[]) => unknown) | (abstract new (...args: never[]) => object);

/**
 * Names functions and classes of a package, so that a job can send them, and instances of the classes, to its
 * executors, which load the same package. Call it where the package's module is evaluated.
 *
 * @param name The name of the package: `@millrace/kafka`.
 * @param exports The functions and classes, by names that must stay the same across releases.
 * @throws BAD_ARGUMENT
 */
export function shipPackage(name: string, exports: Readonly<Record<string, Shippable>>): void {
  const hooks = (globalThis as { readonly [JOB_HOOKS]?: JobHooks })[JOB_HOOKS]; // set by the process that loads the job; see JobHooks
  for (const [key, value] of Object.entries(exports)) {
    if (typeof value !== "function") {
      throw badArgument(
        `${key} of package ${name} is ${kindOf(value)}. Only functions and classes are shipped by name.`,
      );
    }
    const id = `${name}#${key}`;
    if (isClass(value)) hooks?.defineClass(id, value);
    else hooks?.defineImport(id, value);
  }
}

function isClass(value: Shippable): value is Extract<Shippable, abstract new (...args: never[]) => object> {
  return Function.prototype.toString.call(value).startsWith("class");
}
