import { Receiver } from "@millrace/api";
import { deferred, EngineError, millis, SeededRng, streamId } from "@millrace/base";
import { emptyClassTable } from "@millrace/codec";
import { afterEach, describe, expect, test } from "vitest";
import { type CutterOptions, RecordCutter } from "./block-cutter.ts";
import { CustomReceiverRun } from "./custom-receiver-run.ts";
import { cuttingTo, type EmittedBlock, removeDirectories, turn } from "./cutting.fixture.ts";
import { Gate } from "./gate.ts";
import type { RunEnd } from "./receiver-run.ts";

afterEach(removeDirectories);

class Queue extends Receiver<unknown> {
  started: () => void | Promise<void> = () => {};
  stopped: () => void | Promise<void> = () => {};
  override onStart(): void | Promise<void> {
    return this.started();
  }
  override onStop(): void | Promise<void> {
    return this.stopped();
  }
}

/** A run of a receiver whose blocks are safe once `confirm` is called, or at once. */
function runOf(
  receiver: Queue,
  options: { readonly confirmsAtOnce?: boolean; readonly onSafe?: CutterOptions["onSafe"] } = {},
) {
  const emitted: EmittedBlock[] = [];
  const counted: unknown[] = [];
  const confirm = (): void => {
    for (const { records, safe } of emitted.splice(0)) {
      for (const record of records) counted.push(record); // too many for one call
      safe.resolve();
    }
  };
  const { options: cutting, clock } = cuttingTo((block) => {
    emitted.push(block);
    if (options.confirmsAtOnce !== false) confirm();
  });
  const gate = new Gate(1 << 20);
  const { onSafe = () => undefined } = options;
  const ended = deferred<RunEnd>();
  const troubles: string[] = [];
  const source = new CustomReceiverRun({
    stream: streamId(0),
    receiver,
    cutter: new RecordCutter({ ...cutting, onSafe }, emptyClassTable),
    gate,
    clock,
    stopTimeout: millis(1000),
    position: undefined,
    events: {
      running: () => {},
      received: () => {},
      ended: ended.resolve,
      trouble: (error) => void troubles.push(error.message),
    },
  });
  return { source, clock, gate, emitted, counted, confirm, ended: ended.promise, troubles };
}

/** The outcome of each promise of `store`, by record. */
function watch(fates: Map<unknown, string>, records: readonly unknown[], stored: Promise<void>): void {
  for (const record of records) fates.set(record, "open");
  const settle = (fate: string): void => records.forEach((record) => void fates.set(record, fate));
  stored.then(
    () => settle("safe"),
    (error: unknown) => settle(error instanceof EngineError ? error.code : String(error)),
  );
}

const closed = expect.objectContaining({ code: "RECEIVER_CLOSED" });

describe("records stored while onStop runs are accepted", () => {
  test("when the engine stops the receiver", async () => {
    const receiver = new Queue();
    const run = runOf(receiver);
    const wait = deferred<void>();
    const fates = new Map<unknown, string>();
    receiver.stopped = async () => {
      await wait.promise;
      const stored = receiver.store("last");
      watch(fates, ["last"], stored);
      run.clock.advance(millis(5));
      await stored;
    };
    run.source.start();
    const stop = run.source.stop();
    await turn();
    watch(fates, ["meanwhile"], receiver.store("meanwhile"));
    wait.resolve();
    await stop;
    expect(run.counted).toEqual(["meanwhile", "last"]);
    expect([...fates.values()]).toEqual(["safe", "safe"]);
  });

  test.each([
    ["restarts itself", (receiver: Queue) => receiver.restart("again"), { kind: "retry" }],
    ["stops itself", (receiver: Queue) => receiver.stop("done"), { kind: "stopped" }],
  ])("when it %s, and all of it is safe before it is over", async (_, end, kind) => {
    const receiver = new Queue();
    const run = runOf(receiver, { confirmsAtOnce: false });
    const fates = new Map<unknown, string>();
    receiver.stopped = () => watch(fates, ["in onStop"], receiver.store("in onStop"));
    run.source.start();
    watch(fates, ["before"], receiver.store("before"));
    end(receiver);
    let over = false;
    void run.ended.then(() => {
      over = true;
    });
    await turn();
    expect([over, ...fates.values()]).toEqual([false, "open", "open"]);
    run.confirm();
    expect(await run.ended).toMatchObject(kind);
    expect(run.counted).toEqual(["before", "in onStop"]);
    expect([...fates.values()]).toEqual(["safe", "safe"]);
  });

  test("and those that wait because the engine is behind, in order", async () => {
    const receiver = new Queue();
    const run = runOf(receiver);
    run.gate.hold(true);
    run.source.start();
    const fates = new Map<unknown, string>();
    watch(fates, [1], receiver.store(1));
    watch(fates, [2, 3], receiver.store([2, 3]));
    receiver.stopped = () => watch(fates, [4], receiver.store(4));
    await turn();
    expect(run.counted).toEqual([]);
    await run.source.stop();
    expect(run.counted).toEqual([1, 2, 3, 4]);
    expect([...fates.values()]).toEqual(["safe", "safe", "safe", "safe"]);
  });

  test("also when onStop throws, which is reported", async () => {
    const receiver = new Queue();
    const run = runOf(receiver);
    receiver.stopped = () => {
      void receiver.store("last");
      throw new RangeError("odd");
    };
    run.source.start();
    await run.source.stop();
    expect(run.counted).toEqual(["last"]);
    expect(run.troubles).toEqual([
      expect.stringMatching(
        /^\[RECEIVER_FAILED\] Queue: onStop failed: RangeError: odd \(at custom-receiver-run\.test\.ts:/,
      ),
    ]);
  });

  test("up to a limit when the engine is behind: records beyond it are refused, which is reported", async () => {
    const receiver = new Queue();
    const run = runOf(receiver);
    run.gate.hold(true);
    receiver.stopped = async () => {
      await receiver.store(Array.from({ length: 999_999 }, () => 0));
      await expect(receiver.store([1, 2])).rejects.toThrow(/RECEIVER_OVERRUN.*these 2 are refused/);
    };
    run.source.start();
    await run.source.stop();
    expect(run.troubles).toEqual([]);
    expect(run.counted).toHaveLength(999_999);
  });
});

describe("records stored later are refused", () => {
  test("after a stop, which is reported once", async () => {
    const receiver = new Queue();
    const run = runOf(receiver);
    run.source.start();
    await run.source.stop();
    await expect(receiver.store("late")).rejects.toEqual(closed);
    await expect(receiver.store(["later", "still"])).rejects.toThrow(/2 records given to store\(\) are refused/);
    expect(run.counted).toEqual([]);
    expect(run.troubles).toEqual([expect.stringMatching(/^\[RECEIVER_CLOSED\]/)]);
  });

  test("while the receiver waits for a restart", async () => {
    const receiver = new Queue();
    const run = runOf(receiver);
    run.source.start();
    receiver.restart("later", undefined, "30s");
    await run.ended;
    await expect(receiver.store("late")).rejects.toEqual(closed);
  });

  test("when onStop does not settle in time, which is reported", async () => {
    const receiver = new Queue();
    const run = runOf(receiver);
    receiver.stopped = () => new Promise(() => {});
    run.source.start();
    void receiver.store("before");
    const stop = run.source.stop();
    await turn();
    run.clock.advance(millis(1000));
    await stop;
    expect(run.counted).toEqual(["before"]);
    expect(run.troubles).toEqual([
      expect.stringMatching(/onStop of Queue has not settled within receiver.stop.timeout = 1 s/),
    ]);
    await expect(receiver.store("late")).rejects.toEqual(closed);
  });
});

test("a stop during a restart waits for the same onStop, and accepts the records that it stores", async () => {
  const receiver = new Queue();
  const run = runOf(receiver);
  const wait = deferred<void>();
  let stops = 0;
  receiver.stopped = async () => {
    stops += 1;
    await wait.promise;
    void receiver.store("last");
  };
  run.source.start();
  receiver.restart("again");
  const stop = run.source.stop();
  await turn();
  wait.resolve();
  await stop;
  expect(stops).toBe(1);
  expect(run.counted).toEqual(["last"]);
});

test("an array with one record that cannot be encoded is refused as a whole", async () => {
  const receiver = new Queue();
  const run = runOf(receiver);
  run.source.start();
  await expect(receiver.store([1, () => {}, 3])).rejects.toMatchObject({ code: "RECORD_NOT_ENCODABLE" });
  await receiver.store([4]);
  expect(run.counted).toEqual([4]);
});

test("records of a block that could not be stored are not safe", async () => {
  const receiver = new Queue();
  const run = runOf(receiver, { confirmsAtOnce: false });
  run.source.start();
  const fates = new Map<unknown, string>();
  watch(fates, ["one"], receiver.store("one"));
  watch(fates, ["two"], receiver.store(["two"]));
  for (const { safe } of run.emitted) safe.reject(new Error("no room"));
  await turn();
  expect([...fates.values()]).toEqual(["Error: no room", "Error: no room"]);
  await run.source.stop(); // does not fail for it
});

describe("positions up to which all is safe", () => {
  /** A run that says which positions are safe: those told to the receiver, and those that blocks have. */
  function positioned() {
    const told: unknown[] = [];
    const receiver = new Queue();
    const run = runOf(receiver, { confirmsAtOnce: false, onSafe: (position) => void told.push(position) });
    run.source.start();
    /** As a receiver that sees to it itself. */
    const store = (position: unknown): void => void receiver.store([position], position).catch(() => undefined);
    return { ...run, told, store };
  }

  test("are none beyond a block that was refused, and may be those before it", async () => {
    const { emitted, told, store } = positioned();
    for (const position of [1, 2, 3]) store(position);
    const [first, refused, third] = emitted;
    refused?.safe.reject(new Error("no room"));
    third?.safe.resolve();
    await turn();
    expect(told).toEqual([]);
    first?.safe.resolve();
    await turn();
    expect(told).toEqual([1]);
    store(4);
    expect(emitted.map(({ position }) => position)).toEqual([1, 2, 3, undefined]);
    emitted[3]?.safe.resolve();
    await turn();
    expect(told).toEqual([1]);
  });

  test.each([
    ["RECORD_NOT_ENCODABLE", () => 2],
    ["POSITION_TOO_LARGE", "x".repeat(2 << 20)],
  ])("are none beyond one that is refused with %s", async (code, position) => {
    const receiver = new Queue();
    const told: unknown[] = [];
    const { source, emitted, confirm } = runOf(receiver, { onSafe: (safe) => void told.push(safe) });
    source.start();
    await receiver.store(["a"], 1);
    await expect(receiver.store(["b"], position)).rejects.toMatchObject({ code });
    await receiver.store(["c"], 3);
    confirm();
    await turn();
    expect([told, emitted]).toEqual([[1], []]);
  });
});

describe("in any order of events, exactly the acknowledged and the pending records were counted", () => {
  test.each(Array.from({ length: 40 }, (_, seed) => seed))("seed %i", async (seed) => {
    const rng = new SeededRng(seed);
    const receiver = new Queue();
    const fates = new Map<unknown, string>();
    const counted: unknown[] = [];
    const seen = { stops: 0, kills: 0, late: 0 };
    let next = 0;
    const store = (): void => {
      const many = Array.from({ length: 1 + rng.int(3) }, () => next++);
      if (rng.next() < 0.5) for (const one of many) watch(fates, [one], receiver.store(one));
      else watch(fates, many, receiver.store(many));
    };
    // A receiver has many runs: each ends by a stop of the engine, by itself, or with its executor.
    for (let life = 0; life < 6; life++) {
      const run = runOf(receiver, { confirmsAtOnce: false });
      const inStop = deferred<void>();
      receiver.stopped = async () => {
        store();
        await inStop.promise;
        store();
      };
      run.source.start();
      let stopping: Promise<unknown> | undefined;
      for (let step = 0; step < 40; step++) {
        const dice = rng.next();
        if (dice < 0.45) store();
        else if (dice < 0.55) run.gate.hold(rng.next() < 0.5);
        else if (dice < 0.65) run.clock.advance(millis(1 + rng.int(9)));
        else if (dice < 0.75) run.confirm();
        else if (dice < 0.78) receiver.restart("again");
        else if (dice < 0.8) receiver.stop("done");
        else if (dice < 0.83) stopping ??= run.source.stop();
        else await turn();
        if (rng.next() < 0.05) inStop.resolve();
      }
      if (life === seed % 6) {
        // Its executor is lost: unconfirmed records will not be counted, and must not be acknowledged.
        seen.kills += 1;
        await turn();
        counted.push(...run.counted);
        const open = [...fates].filter(([record, fate]) => fate === "open" && !run.counted.includes(record));
        for (const [record] of open) fates.set(record, "killed");
        receiver.stopped = () => {};
        inStop.resolve();
        continue;
      }
      inStop.resolve();
      stopping ??= run.source.stop();
      const over = Promise.race([stopping.then(() => true), turn().then(() => false)]);
      if (!(await over)) {
        for (let i = 0; i < 4; i++) {
          run.confirm();
          await turn();
        }
      }
      await stopping;
      await turn();
      seen.stops += 1;
      counted.push(...run.counted);
      const late = next;
      store();
      await turn();
      for (let record = late; record < next; record++) expect(fates.get(record)).toBe("RECEIVER_CLOSED");
      seen.late += next - late;
    }
    const safe = [...fates].filter(([, fate]) => fate === "safe").map(([record]) => record);
    expect(new Set(safe)).toEqual(new Set(counted));
    expect(counted).toHaveLength(new Set(counted).size);
    expect([...fates.values()].filter((fate) => fate === "open")).toEqual([]);
    expect(seen).toMatchObject({ stops: 5, kills: 1 });
    expect(seen.late).toBeGreaterThan(0);
    expect(safe.length).toBeGreaterThan(0);
  });
});
