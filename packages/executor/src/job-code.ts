import * as api from "@millrace/api";
import { externalLoader } from "@millrace/bundler";
import { JOB_HOOKS } from "@millrace/plan";
import type { FunctionTable } from "@millrace/runtime";

/** The property in which the shim for `import "millrace"` in an artefact finds the module. */
const MILLRACE_MODULE = Symbol.for("millrace.module");
/** The property in which it finds packages that cannot be bundled. */
const MILLRACE_EXTERNAL = Symbol.for("millrace.external");

/** Makes this thread ready for the executor build of a job, which registers its functions when it is loaded. */
export function offerToJob(functions: FunctionTable): void {
  Reflect.set(globalThis, JOB_HOOKS, functions);
  Reflect.set(globalThis, MILLRACE_MODULE, api);
  Reflect.set(globalThis, MILLRACE_EXTERNAL, externalLoader([process.cwd()]));
}
