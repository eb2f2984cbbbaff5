import type { EngineFactories } from "./engine-factories.ts";

/** What sources make their records with. */
export const sourceFunctions: EngineFactories = {
  /** Hands the pieces of a file to a decoder of the job, which expects them to come over time. */
  "millrace:decodeFile": (decode: (bytes: AsyncIterable<Uint8Array>) => unknown) => (pieces: Iterable<Uint8Array>) =>
    decode(later(pieces)),
  /** The records of `rateStream` from one number up to another; see there. */
  "millrace:numbers": () => numbers,
  "millrace:rateRecords": () => rateRecords,
};

async function* later<T>(values: Iterable<T>): AsyncGenerator<T, void, undefined> {
  yield* values;
}

function* rateRecords([from, to, perSecond, zeroMs]: readonly [number, number, number, number]) {
  for (let value = from; value < to; value += 1) {
    const second = Math.floor(value / perSecond);
    const timestamp = zeroMs + second * 1000 + Math.floor(((value - second * perSecond) * 1000) / perSecond);
    yield { value, timestamp };
  }
}

/** A slice of a range of whole numbers. */
function* numbers([from, step, count]: readonly [number, number, number]): Generator<number, void, undefined> {
  for (let i = 0; i < count; i += 1) yield from + i * step;
}
