import {
  Backoff,
  type Clock,
  clauseOf,
  EngineError,
  millis,
  type Rng,
  SystemClock,
  systemRng,
  thrownMessage,
} from "@millrace/base";
import { fileServerUnreachable } from "./errors.ts";

/** Told of a place at which calls fail and are repeated; without a problem: one has succeeded again. */
export type OnFailing = (place: string, problem: string | undefined) => void;

export interface PatienceOptions {
  /** What the calls are made at, such as `s3://bucket`: messages name it. */
  readonly place: string;
  /** For how long a call is repeated. */
  readonly patienceMs: number;
  /** Whether a call that failed like this may succeed later. Default: those with FILE_SERVER_UNREACHABLE may. */
  readonly passing?: ((error: unknown) => boolean) | undefined;
  /** The first pause, which later ones double. Default 250. */
  readonly firstPauseMs?: number | undefined;
}

const FIRST_PAUSE_MS = 250;
/** A longer pause is made by nobody. */
const PAUSE_MAX_MS = 5_000;

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
  async run<T>(options: PatienceOptions, call: () => Promise<T>): Promise<T> {
    const { place, patienceMs, passing = isUnreachable, firstPauseMs = FIRST_PAUSE_MS } = options;
    const endMs = this.#clock.monotonicMs() + patienceMs;
    const backoff = new Backoff({ min: millis(firstPauseMs), max: millis(PAUSE_MAX_MS) }, this.#rng);
    for (;;) {
      try {
        const result = await call();
        if (this.#failing.delete(place)) this.#onFailing(place, undefined);
        return result;
      } catch (error) {
        if (!passing(error)) throw error;
        if (!this.#failing.has(place)) {
          this.#failing.add(place);
          this.#onFailing(place, clauseOf(thrownMessage(error)));
        }
        const pause = backoff.next();
        if (this.#clock.monotonicMs() + pause >= endMs) throw error;
        await new Promise<void>((resolve) => void this.#clock.after(pause, resolve));
      }
    }
  }
}

function isUnreachable(error: unknown): boolean {
  return error instanceof EngineError && error.code === fileServerUnreachable.code;
}

const ofThread = new PatientCalls(new SystemClock(), systemRng());

/**
 * Makes a call to a server, again and again while its error may pass: after pauses that grow to five seconds, until
 * `patienceMs` have passed. Meanwhile `millrace status` says what fails, if it is the driver that waits.
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
