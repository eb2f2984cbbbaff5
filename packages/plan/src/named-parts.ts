/** The parts of a job that a checkpoint may hold data of, each in the order of declaration. No two have the same name. */
export interface JobParts {
  readonly states: readonly NamedState[];
  readonly sources: readonly NamedPart[];
  readonly outputs: readonly NamedPart[];
  /** Absent in checkpoints from before it was described. */
  readonly lookBack?: LookBack;
}

/** How far a job looks back. */
export interface LookBack {
  /** Batches are remembered for so long, for windows or because the job asked for it. */
  readonly remembersMs: number;
  /** The window that looks back the furthest, with all windows before it. */
  readonly longest?: { readonly label: string; readonly ms: number };
}

/** A part of a job, as a checkpoint describes it. */
export interface NamedPart {
  readonly name: string;
  /** The author has given the name; otherwise it comes from the place of the part in the graph: `updateStateByKey-0`. */
  readonly given: boolean;
  /** What its data is: data of another kind is never taken over. */
  readonly kind: string;
  /** For people: `updateStateByKey at job.ts:4:6`. */
  readonly label: string;
  /** A hash of the operations up to this one, without their functions. Like `code`, it tells parts without a given name apart. */
  readonly place: number;
  /** A hash of the text of its function; 0 if there is none. */
  readonly code: number;
}

/** The kind of state that was imported: keys with the values of an operation, placed by their hashes. */
export const IMPORTED = "imported";

/** The end of the kind of a state whose keys the author's partitioner places. */
export const OWN_PLACEMENT = ", placed by its own partitioner";

/** Which partition of the state a key belongs to only the job knows. */
export function hasOwnPlacement({ kind }: Pick<NamedPart, "kind">): boolean {
  return kind.endsWith(OWN_PLACEMENT);
}

/** An operation that keeps state. */
export interface NamedState extends NamedPart {
  /** The version of its values' schema, from 1. */
  readonly version: number;
  /** In a checkpoint: what was written before this epoch has another version, and no value may have the new one yet. */
  readonly former?: { readonly version: number; readonly before: number };
  /** It has a function that makes values of this version out of older ones. */
  readonly migrates: boolean;
}
