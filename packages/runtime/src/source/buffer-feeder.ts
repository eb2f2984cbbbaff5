import { BUFFER_RECORDS, type Segment } from "../compile/segment.ts";
import type { SegmentState } from "../compile/segment-state.ts";
import { Feeder, push } from "./feeder.ts";

/**
 * The end of a fused loop: passes on the output of a segment, chunk by chunk, to a function that pulls. However many
 * records a flatMap yields for one, only a chunk of them is in memory.
 */
export class BufferFeeder extends Feeder {
  readonly #upstream: Feeder;
  readonly #segment: Segment;
  readonly #state: SegmentState;
  /** A loop that has stopped in the middle of the upstream's chunk. */
  #steps: Iterator<undefined, boolean> | undefined;

  /** @param state Of a segment that ends in a buffer. */
  constructor(upstream: Feeder, segment: Segment, state: SegmentState) {
    super();
    this.#upstream = upstream;
    this.#segment = segment;
    this.#state = state;
  }

  override get later(): boolean {
    return this.#upstream.later;
  }

  override open(): void | Promise<void> {
    return this.#upstream.open();
  }

  override get opensLater(): boolean {
    return this.#upstream.opensLater;
  }

  override next(): boolean {
    const upstream = this.#upstream;
    for (;;) {
      if (this.#steps === undefined && upstream.at >= upstream.end && !upstream.next()) return false;
      if (this.#push()) return true;
    }
  }

  override async nextLater(): Promise<boolean> {
    const upstream = this.#upstream;
    for (;;) {
      if (this.#steps === undefined && upstream.at >= upstream.end && !(await upstream.nextLater())) return false;
      if (this.#push()) return true;
    }
  }

  override finish(): void | Promise<void> {
    return this.#upstream.finish();
  }

  override close(): void {
    this.#steps = undefined;
    this.#state.closeIterators();
    this.#upstream.close();
  }

  #push(): boolean {
    const state = this.#state;
    state.filled = 0;
    if (this.#segment.steps === undefined) {
      push(this.#upstream, this.#segment, state, BUFFER_RECORDS);
    } else {
      this.#steps ??= this.#begin(this.#segment.steps);
      if (this.#steps.next().done === true) this.#steps = undefined;
      state.pause();
    }
    const { whole } = state;
    if (whole !== undefined) {
      state.whole = undefined;
      return this.setRows(whole);
    }
    return state.filled > 0 && this.setRows(state.out, 0, state.filled);
  }

  #begin(steps: NonNullable<Segment["steps"]>): Iterator<undefined, boolean> {
    const upstream = this.#upstream;
    const from = upstream.at;
    const to = Math.min(upstream.end, from + BUFFER_RECORDS);
    upstream.at = to;
    return upstream.rows === undefined
      ? steps.pairs(upstream.keys, upstream.values, from, to, this.#state)
      : steps.rows(upstream.rows, from, to, this.#state);
  }
}
