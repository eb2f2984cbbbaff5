import { compiled } from "@millrace/base";
import { partitionOf } from "@millrace/codec";
import { lazily } from "./lazily.ts";
import { LoopSource } from "./loop-source.ts";
import type { LoopOptions, PairsLoop, RowsLoop, Segment, SegmentPlan, Steps } from "./segment.ts";
import type { SegmentState } from "./segment-state.ts";

/**
 * Turns a chain of operators into two functions, one over records and one over key and value columns: one loop, with a
 * nested one for each flatMap, with every operator's function called in place. Nothing is allocated for the chain
 * itself.
 *
 * The functions are variables of the loop, read from its state, so that captured values may differ from run to run
 * while the machine code stays. `op` always identifies the running function, so that a single catch can name the
 * operator that threw.
 */
export function generateSegment(plan: SegmentPlan): Segment {
  // Most segments are only ever fed in one of the two ways.
  const rows = (options: LoopOptions) => lazily(() => load<RowsLoop>(segmentSource(plan, "rows", options)));
  const pairs = (options: LoopOptions) => lazily(() => load<PairsLoop>(segmentSource(plan, "pairs", options)));
  const reduces = plan.terminal.kind === "reduce";
  const stopping = { stopping: true };
  return {
    plan,
    labels: [...plan.ops.map((op) => op.label), plan.terminalLabel],
    rows: reduces ? reducingRows(rows({ first: true }), rows({})) : rows({}),
    pairs: reduces ? reducingPairs(pairs({ first: true }), pairs({})) : pairs({}),
    steps: stops(plan)
      ? {
          rows: lazily(() => load<Steps<RowsLoop>>(segmentSource(plan, "rows", stopping))),
          pairs: lazily(() => load<Steps<PairsLoop>>(segmentSource(plan, "pairs", stopping))),
        }
      : undefined,
  };
}

/** A separate loop runs up to the first record, so that the main loop need not check whether there was one. */
function reducingRows(first: RowsLoop, others: RowsLoop): RowsLoop {
  return (rows, from, to, state) => {
    const at = upToFirst(from, to, state, (start, end) => first(rows, start, end, state));
    return others(rows, at, to, state);
  };
}

function reducingPairs(first: PairsLoop, others: PairsLoop): PairsLoop {
  return (keys, values, from, to, state) => {
    const at = upToFirst(from, to, state, (start, end) => first(keys, values, start, end, state));
    return others(keys, values, at, to, state);
  };
}

/** In steps, since one record may yield many and many may yield none. Returns where the others begin. */
function upToFirst(from: number, to: number, state: SegmentState, take: (start: number, end: number) => void): number {
  let at = from;
  for (let step = 1; at < to && !state.has; step *= 2) {
    const end = Math.min(to, at + step);
    take(at, end);
    at = end;
  }
  return at;
}

/** A buffer would hold everything that one record yields at once. */
function stops({ ops, terminal }: SegmentPlan): boolean {
  return terminal.kind === "buffer" && ops.some(({ kind }) => kind === "flatMap" || kind === "flatMapValues");
}

function load<F>(source: string): F {
  const make = compiled<(isArray: typeof Array.isArray, partition: typeof partitionOf) => F>(
    ["isArray", "partitionOf"],
    source,
  );
  return make(Array.isArray, partitionOf);
}

/** The text of the function body that creates the loop; exported for the tests, which read it. */
export function segmentSource(plan: SegmentPlan, feed: "rows" | "pairs", options: LoopOptions = {}): string {
  return new LoopSource(plan, feed, options).source();
}
