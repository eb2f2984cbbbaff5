import { hashKey } from "@millrace/codec";
import {
  type JobParts,
  type NamedPart,
  type NamedState,
  OWN_PLACEMENT,
  type Partitioning,
  type StateSchema,
} from "@millrace/plan";
import { badArgument, nameTaken } from "../errors.ts";
import type { NamedInput, StreamNode } from "./stream-node.ts";

/** What the operation that keeps a state says of it. */
export interface StateDeclaration {
  /** `updateStateByKey` */
  readonly operator: string;
  /** Of a window: its length and slide, on which its state depends. */
  readonly span?: string;
  /** `undefined`: by hash, into as many partitions as the cluster has slots. */
  readonly partitioning: Partitioning | undefined;
  /** The function given to it. */
  readonly fn?: unknown;
  /** Of its values. */
  readonly schema: StateSchema;
}

/** An output as far as its name goes. */
export interface OutputDeclaration {
  /** `print` */
  readonly operator: string;
  /** `print of map at job.ts:4:6` */
  readonly label: string;
  readonly stream: StreamNode;
}

interface Declared<Part> {
  readonly part: Part;
  /** Its name unless the author gives one. */
  readonly position: string;
}

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/;

/**
 * The names of a job's streams and outputs. A checkpoint holds data by the names of sources, outputs, and operations that
 * keep state: those given with `named`, otherwise the operation and its place among those of the same kind.
 */
export class PartNames {
  readonly #given = new Map<StreamNode | OutputDeclaration, string>();
  readonly #states = new Map<StreamNode, Declared<StateDeclaration>>();
  readonly #sources = new Map<StreamNode, Declared<NamedInput>>();
  readonly #outputs = new Map<OutputDeclaration, Declared<OutputDeclaration>>();

  /** @throws BAD_ARGUMENT It cannot be a name. @throws NAME_TAKEN Something else has it. */
  give(part: StreamNode | OutputDeclaration, id: string): void {
    if (typeof id !== "string" || !NAME.test(id)) {
      throw badArgument(
        `the name ${JSON.stringify(id)} must be 1 to 100 characters of letters, digits, ".", "_" and "-", beginning with a letter or digit.`,
      );
    }
    for (const [other, taken] of this.#given) {
      if (taken === id && other !== part) {
        throw nameTaken(
          `the name ${JSON.stringify(id)} is given twice: to ${other.label}, and to ${part.label}. Data is kept by name: give each its own.`,
        );
      }
    }
    this.#given.set(part, id);
    if ("shows" in part && part.shows !== undefined) this.#given.set(part.shows, id);
  }

  givenTo(part: StreamNode | OutputDeclaration): string | undefined {
    return this.#given.get(part);
  }

  addState(node: StreamNode, declared: StateDeclaration): void {
    const alike = [...this.#states.values()].filter(({ part }) => part.operator === declared.operator);
    this.#states.set(node, { part: declared, position: `${declared.operator}-${alike.length}` });
  }

  /** Streams with state, in the order of declaration. */
  get states(): readonly StreamNode[] {
    return [...this.#states.keys()];
  }

  addSource(node: NamedInput): void {
    this.#sources.set(node, { part: node, position: `input-${this.#sources.size}` });
  }

  addOutput(output: OutputDeclaration): void {
    const operator = output.operator.split(" ", 1).join("");
    const alike = [...this.#outputs.values()].filter(({ position }) => position.startsWith(`${operator}-`));
    this.#outputs.set(output, { part: output, position: `${operator}-${alike.length}` });
  }

  stateName(node: StreamNode): string {
    return this.#given.get(node) ?? this.#states.get(node)?.position ?? node.label;
  }

  sourceName(node: StreamNode): string {
    return this.#given.get(node) ?? this.#sources.get(node)?.position ?? node.label;
  }

  outputName(output: OutputDeclaration): string {
    return this.#given.get(output) ?? this.#outputs.get(output)?.position ?? output.label;
  }

  /** @throws NAME_TAKEN A name that was given is also the one that something else has by its place. */
  parts(): JobParts {
    const places = new Map<StreamNode, number>();
    const place = (node: StreamNode): number => placeOf(node, places);
    const states = [...this.#states].map(([node, { part, position }]): NamedState => {
      const { fn, schema } = part;
      const named = { name: this.stateName(node), given: this.#given.has(node) };
      this.#checkPosition(node, named.name, position);
      const about = { kind: stateKind(part), label: node.label, place: place(node), code: codeOf(fn) };
      return { ...named, ...about, version: schema.version, migrates: schema.migrate !== undefined };
    });
    const sources = [...this.#sources.values()].map(({ part, position }): NamedPart => {
      const named = { name: this.sourceName(part), given: this.#given.has(part) };
      this.#checkPosition(part, named.name, position);
      return { ...named, kind: part.kind, label: part.label, place: place(part), code: 0 };
    });
    const outputs = [...this.#outputs.values()].map(({ part, position }): NamedPart => {
      const named = { name: this.outputName(part), given: this.#given.has(part) };
      this.#checkPosition(part, named.name, position);
      const { operator, label, stream } = part;
      return { ...named, kind: operator, label, place: hashKey([operator, place(stream)]), code: 0 };
    });
    return { states, sources, outputs };
  }

  #checkPosition(part: StreamNode | OutputDeclaration, name: string, position: string): void {
    if (name !== position) return;
    for (const [other, given] of this.#given) {
      if (given !== position || other === part) continue;
      throw nameTaken(
        `${JSON.stringify(position)} is the name of ${part.label}, by its place, and given to ${other.label}. ` +
          `Data is kept by name: give ${part.label} one too, with .named("…").`,
      );
    }
  }
}

/** Outputs of which a checkpoint has nothing. */
const PREPARE_NOTHING: ReadonlySet<string> = new Set(["print", "foreachRDD", "toAsyncIterable"]);
/** Sources that remember nothing. */
const REMEMBER_NOTHING: ReadonlySet<string> = new Set(["rate", "unlogged"]);

/** @returns `undefined`: every part that a checkpoint has data of has a name. */
export function unnamedInWords({ states, sources, outputs }: JobParts): string | undefined {
  const unnamed = [
    ...states,
    ...sources.filter(({ kind }) => !REMEMBER_NOTHING.has(kind)),
    ...outputs.filter(({ kind }) => !PREPARE_NOTHING.has(kind)),
  ].filter(({ given }) => !given);
  if (unnamed.length === 0) return undefined;
  const parts = unnamed.map(({ label, name }) => `${label} as "${name}"`).join(", ");
  return (
    `the checkpoint has the data of ${parts}: by its place in the graph. When others are added or removed before it, the job is not started until it has that name. ` +
    'Give each one a name: .named("…"), any while the checkpoint is new, and once it has data of it, the one that it has here.'
  );
}

/** State is of another kind if another operation wrote it, or put its keys elsewhere. */
function stateKind({ operator, span, partitioning }: StateDeclaration): string {
  const placed = partitioning?.kind === "custom" ? OWN_PLACEMENT : "";
  return `${operator}${span === undefined ? "" : ` of ${span}`}${placed}`;
}

/** A hash of the operations up to a stream. Lines are left out, so that it stays when others are added. */
function placeOf(node: StreamNode, known: Map<StreamNode, number>): number {
  const before = known.get(node);
  if (before !== undefined) return before;
  const label = node.label.replace(/ at \S+:\d+:\d+$/, "");
  const place = hashKey([label, ...node.parents.map((parent) => placeOf(parent, known))]);
  known.set(node, place);
  return place;
}

function codeOf(fn: unknown): number {
  return typeof fn === "function" ? hashKey(String(fn)) : 0;
}
