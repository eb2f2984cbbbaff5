// An operation of a graph: where it fits, which part of its result is defined, and how it is written.
import type { AnyStream, GraphNode, StreamType } from "../graph.ts";

export interface Operation {
  readonly streams: 1 | 2;
  /** The type of the result; `undefined`: it does not take such streams. */
  readonly type: (types: readonly [StreamType, StreamType], node: GraphNode) => StreamType | undefined;
  readonly apply: (streams: readonly [AnyStream, AnyStream], node: GraphNode) => AnyStream;
}

/** Larger streams would make a slow test and show nothing new. */
const SIZE_MAX = 600;

export const one = (
  fits: (type: StreamType) => boolean,
  changes: (type: StreamType, node: GraphNode) => Partial<StreamType>,
  apply: (stream: AnyStream, node: GraphNode) => AnyStream,
): Operation => ({
  streams: 1,
  type: ([type], node) => (fits(type) ? limited({ ...type, ...changes(type, node) }) : undefined),
  apply: ([stream], node) => apply(stream, node),
});

export const two = (
  fits: (a: StreamType, b: StreamType) => boolean,
  changes: (a: StreamType, b: StreamType) => Partial<StreamType>,
  apply: (a: AnyStream, b: AnyStream, node: GraphNode) => AnyStream,
): Operation => ({
  streams: 2,
  type: ([a, b]) => {
    if (a.slide !== b.slide || !fits(a, b)) return undefined;
    return limited({ ...a, stateful: a.stateful || b.stateful, ...changes(a, b) });
  },
  apply: ([a, b], node) => apply(a, b, node),
});

const limited = (type: StreamType): StreamType | undefined => (type.size > SIZE_MAX ? undefined : type);

export const any = (): boolean => true;
export const isPair = ({ pair }: StreamType): boolean => pair;
export const numbers = ({ value, pair }: StreamType): boolean => value === "number" && !pair;
export const numberPairs = ({ value, pair }: StreamType): boolean => value === "number" && pair;
/** If the order of all records is defined, functions that reveal it may be used. */
export const inOrder = ({ sequence }: StreamType): boolean => sequence;
export const texts = (type: StreamType): boolean => type.value === "text" && !type.pair && inOrder(type);
export const textPairs = (type: StreamType): boolean => type.value === "text" && type.pair && inOrder(type);

/** One record in one partition. */
export const single = { pair: false, sequence: true, placed: true, size: 1 } as const;
/** Keys are where their hash says, in no order. */
export const byKey = { pair: true, sequence: false, placed: true } as const;
/** The same if the order of shuffled records is known: keys are in the order in which they were first seen. */
export const firstSeen = ({ sequence }: StreamType) => ({ ...byKey, sequence });
export const windowed = (type: StreamType, node: GraphNode) => ({
  slide: type.slide * node.slide,
  size: type.size * node.length,
});
export const ms = (stream: AnyStream, n: number): number => stream.slideDuration * n;

export const joined = { ...byKey, value: "any" } as const;
export const product = (a: StreamType, b: StreamType) => ({ ...joined, size: a.size * b.size });
export const bothPairs = (a: StreamType, b: StreamType): boolean => a.pair && b.pair;

/** State is of every key that there ever was. */
export const BATCHES = 5;
