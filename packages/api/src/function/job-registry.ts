import { formatSite, type SourceSite } from "@millrace/base";
import { type AnyClass, type ClassTable, mayBeClass } from "@millrace/codec";
import { type AnyFunction, type FunctionRef, isFunction } from "@millrace/operators";
import { functionNotShippable, globalFunctionName, JOB_HOOKS, type JobHooks, type ShipRefusal } from "@millrace/plan";

/** The description of a function by the bundler's driver build. */
interface Tag extends FunctionRef {
  readonly refusals: readonly ShipRefusal[];
}

/** A reference to a function or class across processes: the tag and id in captures. */
export interface FunctionName {
  readonly tag: "fn" | "builtin" | "import" | "class";
  readonly ref: FunctionRef;
}

/**
 * The driver's side of a job's functions: their names in other processes and their captures. The job's module fills it
 * while loading, through {@link JobHooks}.
 */
export class JobRegistry implements JobHooks {
  readonly #tags = new WeakMap<AnyFunction, Tag>();
  readonly #known = new WeakMap<AnyFunction, FunctionName>();
  readonly #imports = new Map<unknown, string>();
  readonly #classIds = new Map<AnyClass, string>();
  readonly #classes = new Map<string, AnyClass>();
  readonly #inline: InlineFunctions | undefined;

  /**
   * @param inline For tests that run an unbundled job: functions stay in this process and are looked up by id. Without
   *   it, untagged functions are refused.
   */
  constructor(options: { readonly inline?: InlineFunctions } = {}) {
    this.#inline = options.inline;
  }

  tag<F extends AnyFunction>(
    fn: F,
    id: string,
    captures: () => readonly unknown[],
    names: readonly string[],
    site: SourceSite,
    assigned: readonly string[] = [],
    refusals: readonly ShipRefusal[] = assigned.map((name) => ({ message: assignmentRefused(name), site })),
  ): F {
    const reads = names.length === 0 ? undefined : captures;
    this.#tags.set(fn, { id, captures: reads, names, site, refusals });
    return fn;
  }

  /** Factories are for executors. */
  define(): void {}

  defineClass(id: string, type: AnyClass): void {
    this.#classIds.set(type, id);
    this.#classes.set(id, type);
  }

  defineImport(id: string, value: unknown): void {
    if (typeof value === "function" && !this.#imports.has(value)) this.#imports.set(value, id);
  }

  /** The job's classes, for the codec. */
  readonly classes: ClassTable = {
    idOf: (type) => this.#classIds.get(type) ?? this.#inline?.classes.idOf(type),
    constructorOf: (id) => this.#classes.get(id) ?? this.#inline?.classes.constructorOf(id),
  };

  /**
   * The shippable reference to a function that was passed to an operator. The same function always yields the same object.
   *
   * @param operator The operator's name in messages: `map`.
   * @throws FUNCTION_NOT_SHIPPABLE It cannot leave the driver; the message has the reason, the place and the remedy.
   */
  ship(fn: unknown, operator: string): FunctionRef {
    if (!isFunction(fn)) {
      throw functionNotShippable(
        `${operator} takes a function, and was given ${fn === null ? "null" : typeof fn}. Nothing is run. Pass it a function.`,
      );
    }
    const known = this.nameOf(fn);
    if (known === undefined) throw notLifted(fn, operator);
    return known.ref;
  }

  /**
   * The name of a function or class in captures; `undefined` if it has none.
   *
   * @throws FUNCTION_NOT_SHIPPABLE The bundler has found a reason why it cannot ship.
   */
  nameOf(fn: AnyFunction): FunctionName | undefined {
    const tag = this.#tags.get(fn);
    if (tag !== undefined) {
      if (tag.refusals.length > 0) throw refused(tag);
      return { tag: "fn", ref: tag };
    }
    const known = this.#known.get(fn) ?? this.#find(fn);
    if (known !== undefined) this.#known.set(fn, known);
    return known;
  }

  #find(fn: AnyFunction): FunctionName | undefined {
    const imported = this.#imports.get(fn);
    if (imported !== undefined) return { tag: "import", ref: plainRef(`import:${imported}`) };
    const builtin = globalFunctionName(fn);
    if (builtin !== undefined) return { tag: "builtin", ref: plainRef(`global:${builtin}`) };
    const classId = mayBeClass(fn) ? this.#classIds.get(fn) : undefined;
    if (classId !== undefined) return { tag: "class", ref: plainRef(classId) };
    return this.#inline === undefined ? undefined : { tag: "fn", ref: plainRef(this.#inline.idOf(fn)) };
  }
}

function plainRef(id: string): FunctionRef {
  return { id, captures: undefined, names: [], site: undefined };
}

/** Functions and classes that stay in this process, by ids like `inline:3`. */
export class InlineFunctions {
  readonly #ids = new WeakMap<AnyFunction, string>();
  /** All functions ever passed: nothing else keeps them alive, as graph and plans know only their ids. */
  readonly #functions = new Map<string, AnyFunction>();
  readonly #classIds = new Map<AnyClass, string | undefined>();
  readonly #classes = new Map<string, AnyClass>();
  #next = 0;

  /** Classes from source text whose instances contain nothing that only their own code can see. */
  readonly classes: ClassTable = {
    idOf: (type) => {
      if (!this.#classIds.has(type)) this.#registerClass(type);
      return this.#classIds.get(type);
    },
    constructorOf: (id) => this.#classes.get(id),
  };

  idOf(fn: AnyFunction): string {
    const known = this.#ids.get(fn);
    if (known !== undefined) return known;
    const id = `inline:${this.#next++}`;
    this.#ids.set(fn, id);
    this.#functions.set(id, fn);
    return id;
  }

  #registerClass(type: AnyClass): void {
    const id = canCross(type) ? `inline:${this.#next++}` : undefined;
    this.#classIds.set(type, id);
    if (id !== undefined) this.#classes.set(id, type);
  }

  functionOf(id: string): AnyFunction | undefined {
    return this.#functions.get(id);
  }
}

/**
 * The bundler's rule for lifted jobs: a class from source text that neither has nor inherits #private members.
 */
function canCross(type: AnyClass): boolean {
  if (!isWritten(type)) return false;
  for (let each: unknown = type; typeof each === "function"; each = Object.getPrototypeOf(each)) {
    if (isWritten(each) && /[\s;{}*]#[\p{ID_Start}$_]/u.test(Function.prototype.toString.call(each))) return false;
  }
  return true;
}

function isWritten(type: unknown): boolean {
  return Function.prototype.toString.call(type).startsWith("class");
}

function assignmentRefused(name: string): string {
  return (
    `the variable "${name}" is captured and assigned to within a function that runs on executors, where the assignment would be lost. ` +
    "Use an accumulator to count, updateStateByKey to keep state, or return the value."
  );
}

function refused(tag: Tag) {
  const [first, ...others] = tag.refusals;
  const more = others.map((refusal) => `; also at ${formatSite(refusal.site)}: ${refusal.message}`).join("");
  return functionNotShippable(
    `${first?.message ?? "it cannot ship"}${more}`,
    first === undefined ? {} : { site: first.site },
  );
}

function notLifted(fn: AnyFunction, operator: string) {
  const name = typeof fn.name === "string" && fn.name !== "" ? fn.name : "(anonymous)";
  const what = name.startsWith("bound ")
    ? `${name.slice(6)}.bind(…)`
    : `the function ${name}, which is not written in the job's own files`;
  return functionNotShippable(
    `${operator} was given ${what}: it cannot be sent to executors. Nothing is run. Wrap it in a function of the job: (x) => f(x).`,
  );
}

/** Makes a registry available to the job's modules that this thread loads. Call it before the job is imported. */
export function installJobHooks(registry: JobRegistry): void {
  Object.defineProperty(globalThis, JOB_HOOKS, { value: registry, configurable: true, writable: true });
}
