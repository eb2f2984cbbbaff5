import { Backoff, type Clock, clauseOf, EngineError, millis, type Rng, SystemClock, systemRng } from "@millrace/base";
import { fileServerUnreachable } from "./errors.ts";

/** Told of a place at which calls fail and are repeated; without a problem: one has succeeded again. */
export type OnFailing = (place: string, problem: string | undefined) => void;

export interface PatienceOptions {
  /** What the calls are made at, such as `s3://bucket`: messages name it. */
  readonly place: string;
  /** For how long a call is repeated. */
  readonly patienceMs: number;
}

/** The pauses between two attempts. */
const PAUSES = { min: millis(250), max: millis(5_000) };

/** Repeats calls whose server does not answer, and says at which places that is so. One for each thread. */
export class PatientCalls {
  readonly #clock: Clock;
  readonly #rng: Rng;
  /** Bound: the servers and buckets that a job uses. */
  readonly #failing = new Set<string>();
  #onFailing: OnFailing = () => {};

  constructor(clock: Clock, rng: Rng) {
    this.#clock = clock;
    this.#rng = rng;
  }

  listen(onFailing: OnFailing): void {
    this.#onFailing = onFailing;
  }

  /** See {@link patiently}. */
  async run<T>({ place, patienceMs }: PatienceOptions, call: () => Promise<T>): Promise<T> {
    const endMs = this.#clock.monotonicMs() + patienceMs;
    const backoff = new Backoff(PAUSES, this.#rng);
    for (;;) {
      try {
        const result = await call();
        if (this.#failing.delete(place)) this.#onFailing(place, undefined);
        return result;
      } catch (error) {
        if (!isPassing(error)) throw error;
        if (!this.#failing.has(place)) {
          this.#failing.add(place);
          this.#onFailing(place, clauseOf(error.message));
        }
        const pause = backoff.next();
        if (this.#clock.monotonicMs() + pause >= endMs) throw error;
        await new Promise<void>((resolve) => void this.#clock.after(pause, resolve));
      }
    }
  }
}

function isPassing(error: unknown): error is EngineError {
  return error instanceof EngineError && error.code === fileServerUnreachable.code;
}

const ofThread = new PatientCalls(new SystemClock(), systemRng());

/**
 * Makes a call of a file system, again and again while it fails with FILE_SERVER_UNREACHABLE: after pauses that grow from a
 * quarter of a second to five seconds, until `patienceMs` have passed. Meanwhile `millrace status` says what fails, if it is the
 * driver that waits.
 *
 * @param call Must have the same effect if an earlier attempt has succeeded unnoticed.
 * @throws What the call throws.
 */
export function patiently<T>(options: PatienceOptions, call: () => Promise<T>): Promise<T> {
  return ofThread.run(options, call);
}

/** Tells of the calls of this thread that are repeated. */
export function listenToPatience(onFailing: OnFailing): void {
  ofThread.listen(onFailing);
}
