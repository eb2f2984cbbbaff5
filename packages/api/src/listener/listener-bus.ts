import { thrownMessage, type Warning, warningOf } from "@millrace/base";
import { badArgument } from "../errors.ts";
import { runAuthorCode } from "../job/author-code.ts";
import type { StreamingListener } from "./streaming-listener.ts";

const CALLBACKS: readonly string[] = [
  "onStreamingStarted",
  "onReceiverStarted",
  "onReceiverError",
  "onReceiverStopped",
  "onBatchSubmitted",
  "onBatchStarted",
  "onBatchCompleted",
  "onOutputOperationStarted",
  "onOutputOperationCompleted",
] satisfies readonly (keyof StreamingListener)[];

type Callback = keyof StreamingListener;
type EventOf<Name extends Callback> = Parameters<NonNullable<StreamingListener[Name]>>[0];

/** The listeners of a job. */
export class ListenerBus {
  readonly #listeners = new Set<StreamingListener>();
  readonly #warn: (warning: Warning) => void;
  readonly #watch: (on: boolean) => void;

  /** @param watch Told when the first listener is added and when the last one is removed. */
  constructor(ports: { readonly warn: (warning: Warning) => void; readonly watch: (on: boolean) => void }) {
    this.#warn = ports.warn;
    this.#watch = ports.watch;
  }

  get heard(): boolean {
    return this.#listeners.size > 0;
  }

  /** @throws BAD_ARGUMENT */
  add(listener: StreamingListener): void {
    const given: unknown = listener;
    const found =
      typeof given === "object" && given !== null
        ? CALLBACKS.filter((name) => name in given && typeof Reflect.get(given, name) === "function")
        : [];
    if (found.length === 0) {
      throw badArgument(
        `addStreamingListener takes an object with some of the methods ${CALLBACKS.join(", ")}, and was given ${given === null ? "null" : typeof given} without any.`,
      );
    }
    const first = !this.heard;
    this.#listeners.add(listener);
    if (first) this.#watch(true);
  }

  remove(listener: StreamingListener): void {
    if (this.#listeners.delete(listener) && this.#listeners.size === 0) this.#watch(false);
  }

  /** Calls every listener, in the order in which they were added. Never throws. */
  post<Name extends Callback>(name: Name, event: EventOf<Name>): void {
    for (const listener of [...this.#listeners]) {
      if (listener[name] === undefined) continue;
      const code = { what: `${name} of a streaming listener`, outcome: "The job goes on." };
      runAuthorCode(code, () => call(listener, name, event)).catch((error: unknown) =>
        this.#warn(warningOf(thrownMessage(error), { subject: code.what })),
      );
    }
  }
}

function call<Name extends Callback>(listener: StreamingListener, name: Name, event: EventOf<Name>): unknown {
  // A union of methods takes what all of them take; this one takes its own event.
  return (listener[name] as ((event: EventOf<Name>) => unknown) | undefined)?.call(listener, event);
}
