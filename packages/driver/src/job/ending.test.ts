import { type Deferred, deferred, epochMs, ManualClock, millis, type WireError } from "@millrace/base";
import { beforeEach, describe, expect, test } from "vitest";
import { Ending } from "./ending.ts";
import type { ToJobThread } from "./thread/protocol.ts";

let clock: ManualClock;
let did: string[];
let gone: Deferred<Error | undefined>;
let settle: (done: () => void) => void;

beforeEach(() => {
  clock = new ManualClock(epochMs(0));
  did = [];
  gone = deferred();
  settle = (done) => done();
});

function ending(error?: WireError): Ending {
  return new Ending(error === undefined ? { state: "finished" } : { state: "failed", error }, millis(5000), {
    thread: {
      send: (message: ToJobThread) => void did.push(`send ${message.type}`),
      leave: () => {
        did.push("leave");
        return gone.promise;
      },
    },
    clock,
    warn: ({ message }) => did.push(`warn ${message}`),
    settle: (done) => settle(done),
    over: () => did.push("over"),
  });
}

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

describe("between the last batch and the end", () => {
  test("code of the job is told, and the job is over when it has answered", () => {
    const end = ending();
    end.onTold(false);
    clock.advance(millis(60_000));
    expect(did).toEqual(["send end", "over"]);
  });

  test("executors may finish what tasks left pending", () => {
    let done = (): void => undefined;
    settle = (settled) => {
      done = settled;
    };
    ending().onTold(false);
    expect(did).toEqual(["send end"]);
    done();
    clock.advance(millis(60_000));
    expect(did).toEqual(["send end", "over"]);
  });

  test("for a second at most", () => {
    let done = (): void => undefined;
    settle = (settled) => {
      done = settled;
    };
    ending().onTold(false);
    clock.advance(millis(999));
    expect(did).toEqual(["send end"]);
    clock.advance(millis(1));
    done();
    expect(did).toEqual(["send end", "over"]);
  });

  test("code that goes on is let go on until nothing is left of it", async () => {
    ending().onTold(true);
    expect(did).toEqual(["send end", "leave"]);
    gone.resolve(undefined);
    await turn();
    expect(did).toEqual(["send end", "leave", "over"]);
  });

  test("or for a second", () => {
    ending().onTold(true);
    clock.advance(millis(999));
    expect(did).toEqual(["send end", "leave"]);
    clock.advance(millis(1));
    expect(did).toEqual(["send end", "leave", "over"]);
  });

  test("code that does not answer is cut short, and the operator is told", () => {
    ending();
    clock.advance(millis(5000));
    expect(did).toEqual([
      "send end",
      expect.stringMatching(/^warn \[JOB_CODE_CUT_OFF\] code of the job .* within 5000 ms/),
      "over",
    ]);
  });

  test("an error that nothing catches then is told, unless the job had failed anyway", async () => {
    ending().onTold(true);
    gone.resolve(new Error("closed twice"));
    await turn();
    expect(did).toContainEqual(expect.stringMatching(/^warn .* by an error that nothing caught: closed twice/));
    did = [];
    ending({ name: "Error", message: "a batch failed" }).onTold(true);
    await turn();
    expect(did).toEqual(["send end", "leave", "over"]);
  });
});
