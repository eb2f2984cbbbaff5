import { compiled } from "@millrace/base";
import { detachString } from "../bytes/text.ts";
import type { AnyClass } from "../class-table.ts";

/** Makes one object of a shape, reading its values in order. */
type ShapeFactory = (reader: ValueSource) => object;

/** Returns the next value: a `ValueReader`. */
interface ValueSource {
  read(): unknown;
}

/** Objects of a shape read before its literal is compiled; below that, the generic loop is cheaper. */
const COMPILE_AFTER = 64;
/** Wider objects are dictionaries. */
const COMPILE_NAMES_MAX = 32;
/** Entries of the table of known shapes; when full, it starts over. */
const STEPS_MAX = 8192;
/** Longer names and lists are not remembered: they would waste memory. */
const REMEMBERED_NAMES_MAX = 64;
const REMEMBERED_UNITS_MAX = 256;

/** A property list with its prototype, and the fastest known way to build such an object. */
export interface Shape {
  readonly names: readonly string[];
  /** `undefined` for plain objects, `null` for those without a prototype. */
  readonly prototype: object | null | undefined;
  /** Objects created so far. */
  made: number;
  compiled: ShapeFactory | undefined;
}

interface Step {
  readonly next: Map<string, Step>;
  shape: Shape | undefined;
}

let roots = new Map<string, Step>();
let steps = 0;

/** The shape with these names; the same object across frames, so that compiled code stays warm. */
export function shapeOf(root: string, names: readonly string[], type: AnyClass | null | undefined): Shape {
  const prototype: object | null | undefined = type === null || type === undefined ? type : type.prototype;
  const step = stepTo(root, names);
  if (step === undefined) return { names, prototype, made: 0, compiled: undefined };
  if (step.shape?.prototype === prototype && step.shape !== undefined) return step.shape;
  step.shape = { names: names.map(detachString), prototype, made: 0, compiled: undefined };
  return step.shape;
}

function stepTo(root: string, names: readonly string[]): Step | undefined {
  if (names.length > REMEMBERED_NAMES_MAX || root.length > REMEMBERED_UNITS_MAX) return undefined;
  if (steps > STEPS_MAX) {
    roots = new Map();
    steps = 0;
  }
  let step = nextStep(roots, root);
  for (let i = 0; i < names.length; i += 1) {
    const name = names[i] ?? "";
    if (name.length > REMEMBERED_UNITS_MAX) return undefined;
    step = nextStep(step.next, name);
  }
  return step;
}

function nextStep(from: Map<string, Step>, name: string): Step {
  let step = from.get(name);
  if (step === undefined) {
    step = { next: new Map(), shape: undefined };
    steps += 1;
    from.set(detachString(name), step);
  }
  return step;
}

/** An object with the prototype of a shape and no properties; no constructor runs. */
export function emptyObject(shape: Shape): object {
  return shape.prototype === undefined ? {} : Object.create(shape.prototype);
}

/** Counts an object, and compiles the shape once it is common. */
export function countMade(shape: Shape): void {
  shape.made += 1;
  if (shape.made === COMPILE_AFTER && shape.names.length <= COMPILE_NAMES_MAX && shape.prototype !== null) {
    shape.compiled = compile(shape);
  }
}

/**
 * An object literal (or, for a class, a constructor of assignments over its prototype) lets V8 use one hidden class and
 * no keyed stores: 3 to 5 times as fast as the loop. Names enter the source only as JSON strings, and `["__proto__"]`
 * is an ordinary property where a literal name would set the prototype.
 */
function compile(shape: Shape): ShapeFactory | undefined {
  const literals = shape.names.map((name) => JSON.stringify(name));
  try {
    if (shape.prototype === undefined) {
      const body = literals.map((name) => `[${name}]: reader.read()`).join(", ");
      return compiled<ShapeFactory>(["reader"], `return { ${body} };`);
    }
    if (shape.names.includes("__proto__") || hasSetter(shape.prototype, shape.names)) return undefined;
    const body = literals.map((name) => `this[${name}] = reader.read();`).join(" ");
    const make = compiled<(prototype: object | null) => ShapeFactory>(
      ["prototype"],
      `function Made(reader) { ${body} } Made.prototype = prototype; return (reader) => new Made(reader);`,
    );
    return make(shape.prototype);
  } catch {
    return undefined; // code generation is disabled in this process: the loop is used
  }
}

/** Own properties of an instance may shadow an accessor of its class; assigning would call it. */
function hasSetter(prototype: object | null, names: readonly string[]): boolean {
  return prototype !== null && names.some((name) => name in prototype);
}
