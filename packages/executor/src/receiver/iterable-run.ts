import { type Clock, describeThrown, EngineError, millis, type StreamId } from "@millrace/base";
import { receiverFailed } from "../errors.ts";
import type { RecordCutter } from "./block-cutter.ts";
import type { Gate } from "./gate.ts";
import type { ReceiverRun, RunEnd, RunEvents } from "./receiver-run.ts";

/** The job's function that returns the records of `iterableStream`. */
export type MakeIterable = (signal: AbortSignal) => unknown;

type Step = IteratorResult<unknown, unknown>;

interface Steps {
  next(): Step | PromiseLike<Step>;
  return?(): unknown;
}

/** The time an iterable may take to end after `return()`. */
const RETURN_MS = 1_000;
/** The time that available records may keep the thread's other receivers waiting. */
const TURN_MS = 10;
/** Records between two checks of the clock. */
const TURN_RECORDS = 64;

/** Records of the iterable returned by the job's function. Nothing is requested from it while the engine is behind. */
export class IterableRun implements ReceiverRun {
  readonly #stream: StreamId;
  readonly #make: MakeIterable;
  readonly #cutter: RecordCutter;
  readonly #gate: Gate;
  readonly #events: RunEvents;
  readonly #clock: Clock;
  readonly #abort = new AbortController();
  #steps: Steps | undefined;
  #over = false;

  constructor(
    stream: StreamId,
    make: MakeIterable,
    sinks: { readonly cutter: RecordCutter; readonly gate: Gate; readonly events: RunEvents },
    clock: Clock,
  ) {
    this.#stream = stream;
    this.#make = make;
    this.#cutter = sinks.cutter;
    this.#gate = sinks.gate;
    this.#events = sinks.events;
    this.#clock = clock;
  }

  start(): void {
    this.#read().then(
      () => this.#end({ kind: "stopped" }),
      (error: unknown) => this.#end({ kind: "retry", error: this.#failed(error) }),
    );
  }

  async stop(): Promise<void> {
    if (!this.#over) {
      this.#over = true;
      await this.#return();
    }
    await this.#cutter.close();
  }

  async #read(): Promise<void> {
    const steps = stepsOf(await this.#make(this.#abort.signal));
    this.#steps = steps;
    if (this.#over) return void (await this.#return()); // stopped while it was being created
    this.#events.running();
    let turnMs = this.#clock.monotonicMs();
    for (let n = 1; ; n += 1) {
      if (!this.#gate.open) await this.#gate.pass();
      if (this.#over) return;
      const given = steps.next();
      const step = isPromiseLike(given) ? await given : given;
      // Records after the end were not requested: a source that acknowledges must not take them as read.
      if (this.#over) return;
      if (step.done === true) {
        this.#steps = undefined;
        return;
      }
      this.#events.received();
      void this.#cutter.write(step.value);
      if (n % TURN_RECORDS !== 0 || this.#clock.monotonicMs() - turnMs < TURN_MS) continue;
      await new Promise((resolve) => setImmediate(resolve));
      turnMs = this.#clock.monotonicMs();
    }
  }

  #end(end: RunEnd): void {
    if (this.#over) return;
    this.#over = true;
    void this.#return().then(() => {
      this.#cutter.cut();
      this.#events.ended(end);
    });
  }

  /** Ends the iterable and waits for it a while. Never rejects. */
  async #return(): Promise<void> {
    this.#abort.abort();
    const steps = this.#steps;
    this.#steps = undefined;
    if (steps?.return === undefined) return;
    const returned = Promise.resolve()
      .then(() => steps.return?.())
      .catch((error: unknown) => {
        // A wait that was ended by the signal is not an error.
        if (!isAbort(error)) this.#events.trouble(this.#failed(error));
      });
    const late = new Promise<void>((resolve) => {
      const timer = this.#clock.after(millis(RETURN_MS), () => {
        this.#events.trouble(this.#slowToEnd());
        resolve();
      });
      void returned.then(() => timer.cancel());
    });
    await Promise.race([returned, late]);
  }

  #slowToEnd(): EngineError {
    return receiverFailed(
      `the iterable of iterableStream ${this.#stream} did not end within ${RETURN_MS} ms of return(). It is no longer awaited. ` +
        "Stop waiting in it when the signal passed to the function is aborted.",
    );
  }

  #failed(error: unknown): EngineError {
    if (error instanceof EngineError) return error;
    return receiverFailed(`the records of iterableStream ${this.#stream} broke off: ${describeThrown(error)}.`, {
      cause: error,
    });
  }
}

/** @throws RECEIVER_FAILED It cannot be iterated. */
function stepsOf(given: unknown): Steps {
  if ((typeof given === "object" && given !== null) || typeof given === "string") {
    // The iteration protocol, with each result checked.
    const { [Symbol.asyncIterator]: later, [Symbol.iterator]: now } = Object(given) as {
      [Symbol.asyncIterator]?: () => Steps;
      [Symbol.iterator]?: () => Steps;
    };
    const iterate = later ?? now;
    if (iterate !== undefined) return iterate.call(given);
  }
  throw receiverFailed(
    `the function of iterableStream returned ${given === null ? "null" : typeof given}, which cannot be iterated. ` +
      "Return an array, an iterable, an async iterable or a web stream.",
  );
}

function isPromiseLike(value: Step | PromiseLike<Step>): value is PromiseLike<Step> {
  return "then" in value && typeof value.then === "function";
}

function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === "AbortError";
}
