import {
  type DriverSession,
  type ExecutorSession,
  type FromExecutor,
  sessionPair,
  type ToExecutor,
} from "@millrace/rpc";

export interface WireTap {
  /** Before the executor gets it. */
  toExecutor(message: ToExecutor): void;
  /** After the driver has handled it. */
  toDriver(message: FromExecutor): void;
}

/** The session of one executor, whose messages a test sees, and which breaks when the test says so. */
export class Wire {
  readonly driverEnd: ExecutorSession;
  readonly executorEnd: DriverSession;
  #state: "whole" | "silent" | "cut" = "whole";
  #onCut: (error: Error) => void = () => undefined;

  constructor(tap: WireTap) {
    const { driverEnd, executorEnd } = sessionPair();
    this.driverEnd = {
      send: (message) => driverEnd.send(message),
      close: () => driverEnd.close(),
      onMessage: (handler) =>
        driverEnd.onMessage((message) => {
          if (this.#state !== "whole") return;
          handler(message);
          tap.toDriver(message);
        }),
      onClose: (handler) => {
        this.#onCut = handler;
        driverEnd.onClose((error) => {
          if (this.#state !== "cut") handler(error);
        });
      },
    };
    this.executorEnd = {
      send: (message) => executorEnd.send(message),
      close: () => executorEnd.close(),
      onMessage: (handler) =>
        executorEnd.onMessage((message) => {
          if (this.#state !== "cut") tap.toExecutor(message);
          if (this.#state !== "cut") handler(message); // the tap may have cut it
        }),
      onClose: (handler) => executorEnd.onClose(handler),
    };
  }

  /** Its process hangs: the connection stays, and nothing is heard any more. */
  silence(): void {
    this.#state = "silent";
  }

  /** Its process was killed: nothing that is under way arrives. */
  cut(): void {
    this.#state = "cut";
    this.#onCut(new Error("the connection was reset"));
  }
}
