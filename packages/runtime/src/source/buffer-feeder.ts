import type { Segment } from "../compile/segment.ts";
import type { SegmentState } from "../compile/segment-state.ts";
import { Feeder, push } from "./feeder.ts";

/** Records that enter a segment in one go when somebody pulls at its end. */
const CHUNK = 256;

/** The end of a fused loop: what a segment gives, chunk by chunk, to a function that pulls. */
export class BufferFeeder extends Feeder {
  readonly #upstream: Feeder;
  readonly #segment: Segment;
  readonly #state: SegmentState;

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
      if (upstream.at >= upstream.end && !upstream.next()) return false;
      if (this.#push()) return true;
    }
  }

  override async nextLater(): Promise<boolean> {
    const upstream = this.#upstream;
    for (;;) {
      if (upstream.at >= upstream.end && !(await upstream.nextLater())) return false;
      if (this.#push()) return true;
    }
  }

  override finish(): void | Promise<void> {
    return this.#upstream.finish();
  }

  override close(): void {
    this.#upstream.close();
  }

  #push(): boolean {
    const state = this.#state;
    state.filled = 0;
    push(this.#upstream, this.#segment, state, CHUNK);
    return state.filled > 0 && this.setRows(state.out, 0, state.filled);
  }
}
