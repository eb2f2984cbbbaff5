import { compiled } from "@millrace/base";

/**
 * Property lists that objects of one frame share. Walking a trie of names needs neither a joined text nor a hash, and
 * the commonest case, the shape of the previous object, takes one comparison per name.
 */
interface ShapeNode {
  /** Valid while `epoch` is the trie's. */
  id: number;
  epoch: number;
  next: Map<string, ShapeNode> | undefined;
  /** Objects of this shape seen, until it is compiled. */
  seen: number;
  write: PropertyWriter | undefined;
  definition: Definition | undefined;
}

/** The encoding of a shape at its first use in a frame. */
export interface Definition {
  readonly bytes: Uint8Array;
  readonly text: string;
}

/** Writes the values of an object's properties, in the order of its shape. */
export type PropertyWriter = (writer: ValueSink, record: object) => void;

interface ValueSink {
  write(value: unknown): void;
}

/** Objects of one shape seen before its definition is kept. */
const DEFINE_AFTER = 16;
/** Objects of one shape seen before its loop is compiled. */
const COMPILE_AFTER = 256;
/** Wider objects are dictionaries. */
const COMPILE_NAMES_MAX = 32;

/** Objects with more properties are dictionaries rather than records. */
const SHAPE_NAMES_MAX = 64;
/** Shapes per frame; further ones are written out each time. */
const SHAPES_MAX = 1024;
/** Nodes retained across frames. */
const NODES_MAX = 65_536;

/** {@link ShapeTable.find}: write the names, which define this shape. */
export const SHAPE_NEW = -1;
/** {@link ShapeTable.find}: write the names, and do not count them as a shape. */
const SHAPE_NONE = -2;

export class ShapeTable {
  /** By prototype: "" plain, "null", or "class " and its id. */
  #roots = new Map<string, ShapeNode>();
  #nodes = 0;
  #epoch = 1;
  #count = 0;
  #lastRoot = "";
  #lastNames: readonly string[] = [];
  #last: ShapeNode | undefined;

  /** Begins a frame: no shape is defined. */
  reset(): void {
    this.#epoch += 1;
    this.#count = 0;
    if (this.#nodes <= NODES_MAX) return;
    this.#last = undefined;
    this.#roots = new Map();
    this.#nodes = 0;
  }

  /** Writes the properties of objects of the shape found last, if it is common. */
  get writer(): PropertyWriter | undefined {
    return this.#last?.write;
  }

  /** The definition of the shape found last, after {@link define}. */
  get definition(): Definition | undefined {
    return this.#last?.definition;
  }

  /** Keeps the definition of the shape found last, if it is common. */
  define(definition: () => Definition): void {
    const last = this.#last;
    if (last !== undefined && last.seen >= DEFINE_AFTER) last.definition = definition();
  }

  /** The number of a shape defined in this frame, `SHAPE_NEW` (this call defines it), or `SHAPE_NONE`. */
  find(root: string, names: readonly string[]): number {
    const last = this.#last;
    const isLast = last !== undefined && root === this.#lastRoot && sameNames(names, this.#lastNames);
    this.#last = undefined;
    if (names.length > SHAPE_NAMES_MAX) return SHAPE_NONE;
    const node = isLast ? last : this.#walk(root, names);
    const isKnown = node.epoch === this.#epoch;
    if (!isKnown) {
      if (this.#count >= SHAPES_MAX) return SHAPE_NONE;
      node.id = this.#count;
      node.epoch = this.#epoch;
      this.#count += 1;
    }
    if (node.seen < COMPILE_AFTER) countSeen(node, names);
    this.#lastRoot = root;
    this.#lastNames = names;
    this.#last = node;
    return isKnown ? node.id : SHAPE_NEW;
  }

  #walk(root: string, names: readonly string[]): ShapeNode {
    let node = this.#roots.get(root);
    if (node === undefined) {
      node = this.#node();
      this.#roots.set(root, node);
    }
    for (const name of names) {
      node.next ??= new Map();
      let child = node.next.get(name);
      if (child === undefined) {
        child = this.#node();
        node.next.set(name, child);
      }
      node = child;
    }
    return node;
  }

  #node(): ShapeNode {
    this.#nodes += 1;
    return { id: -1, epoch: 0, next: undefined, seen: 0, write: undefined, definition: undefined };
  }
}

function countSeen(node: ShapeNode, names: readonly string[]): void {
  node.seen += 1;
  if (node.seen === COMPILE_AFTER && names.length <= COMPILE_NAMES_MAX) node.write = compile(names);
}

/**
 * One load per property that always sees one hidden class, where a loop over names is megamorphic. Names enter the
 * source only as JSON strings.
 */
function compile(names: readonly string[]): PropertyWriter | undefined {
  const body = names.map((name) => `writer.write(record[${JSON.stringify(name)}]);`).join(" ");
  try {
    return compiled<PropertyWriter>(["writer", "record"], body);
  } catch {
    return undefined; // code generation is disabled in this process: the loop is used
  }
}

function sameNames(a: readonly string[], b: readonly string[]): boolean {
  const length = a.length;
  if (length !== b.length) return false;
  for (let i = 0; i < length; i += 1) if (a[i] !== b[i]) return false;
  return true;
}
