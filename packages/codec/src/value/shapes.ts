/**
 * Property lists that objects of one frame share. Walking a trie of names needs no joined text and no hash of the list, and
 * the commonest case, the same shape as the object before, is one comparison a name.
 */
interface ShapeNode {
  /** Valid while `epoch` is the trie's. */
  id: number;
  epoch: number;
  next: Map<string, ShapeNode> | undefined;
}

/** Objects with more properties are dictionaries rather than records. */
const SHAPE_NAMES_MAX = 64;
/** Shapes of one frame; later ones are written out each time. */
const SHAPES_MAX = 1024;
/** Nodes kept over frames. */
const NODES_MAX = 65_536;

/** {@link ShapeTable.find}: write the names, they become this shape. */
export const SHAPE_NEW = -1;
/** {@link ShapeTable.find}: write the names, and do not count them as a shape. */
export const SHAPE_NONE = -2;

export class ShapeTable {
  /** By prototype: "" plain, "null", or "class " and its id. */
  #roots = new Map<string, ShapeNode>();
  #nodes = 0;
  #epoch = 1;
  #count = 0;
  #lastRoot = "";
  #lastNames: readonly string[] = [];
  #lastId = SHAPE_NONE;

  /** Begins a frame: no shape is defined. */
  reset(): void {
    this.#epoch += 1;
    this.#count = 0;
    this.#lastId = SHAPE_NONE;
    if (this.#nodes <= NODES_MAX) return;
    this.#roots = new Map();
    this.#nodes = 0;
  }

  /** The number of a shape defined in this frame, `SHAPE_NEW` (this call defines it), or `SHAPE_NONE`. */
  find(root: string, names: readonly string[]): number {
    if (this.#lastId >= 0 && root === this.#lastRoot && sameNames(names, this.#lastNames)) return this.#lastId;
    if (names.length > SHAPE_NAMES_MAX) return SHAPE_NONE;
    const node = this.#walk(root, names);
    if (node.epoch === this.#epoch) {
      this.#remember(root, names, node.id);
      return node.id;
    }
    if (this.#count >= SHAPES_MAX) return SHAPE_NONE;
    node.id = this.#count;
    node.epoch = this.#epoch;
    this.#count += 1;
    this.#remember(root, names, node.id);
    return SHAPE_NEW;
  }

  #remember(root: string, names: readonly string[], id: number): void {
    this.#lastRoot = root;
    this.#lastNames = names;
    this.#lastId = id;
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
    return { id: -1, epoch: 0, next: undefined };
  }
}

function sameNames(a: readonly string[], b: readonly string[]): boolean {
  const length = a.length;
  if (length !== b.length) return false;
  for (let i = 0; i < length; i += 1) if (a[i] !== b[i]) return false;
  return true;
}
