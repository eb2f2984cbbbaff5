import { deepEqual, equal, ok } from "node:assert/strict";
import type { Receiver } from "@millrace/api";
import { type DurationLike, type Millis, parseDuration } from "@millrace/base";
import type { ContractCase } from "../files/contract-case.ts";
import { ReceiverHost } from "./receiver-host.ts";
import { aWhile, until as untilWithin } from "./until.ts";

/** A receiver under test and the system that it receives from, for one case. */
export interface ReceiverPlace<T> {
  /** A new instance, as a job passes it to `receiverStream`. Called again for each run on another executor. */
  receiver(): Receiver<T>;
  /** Lets the system send this many further records. @returns What a receiver makes of them, in order. */
  produce(count: number): readonly T[] | Promise<readonly T[]>;
  /** Cuts the connections that receivers have now; others can be made at once. */
  interrupt(): void | Promise<void>;
  /** The receiver is connected: what is produced from now on reaches it. */
  connected(): boolean | Promise<boolean>;
  /** Of a reliable receiver: how many records the system has been told to forget. */
  acknowledged?(): number | Promise<number>;
  /** Called when the case is over, however it ended. */
  close?(): void | Promise<void>;
}

/** The class of a source: what it can do when something is lost on the way. */
export type ReceiverClass =
  /** It acknowledges, and stores with a position: nothing is lost, and nothing comes twice. */
  | "exact"
  /** It acknowledges: nothing is lost, and what was not acknowledged comes again. */
  | "reliable"
  /** Its source cannot send anything again. */
  | "unreliable";

interface Scene<T> extends ReceiverPlace<T> {
  /** A host of a new instance, started and connected. */
  run(position?: Uint8Array): Promise<ReceiverHost<T>>;
  until(what: string, fits: () => boolean | Promise<boolean>): Promise<void>;
}

/** How {@link receiverContract} checks. */
export interface ReceiverContractOptions {
  /** How long to wait for what the source is to do, such as connecting; by default 3 s. */
  readonly patience?: DurationLike;
}

type Check = <T>(scene: Scene<T>) => Promise<void>;

/**
 * The contract of a receiver, case by case, for a test runner of your choice:
 * `for (const { title, run } of receiverContract("exact", open)) test(title, run)`.
 *
 * @param of What the receiver promises.
 * @param open Gives the receiver with a system of its own that has sent nothing yet, for one case alone.
 */
export function receiverContract<T>(
  of: ReceiverClass,
  open: () => ReceiverPlace<T> | Promise<ReceiverPlace<T>>,
  { patience = "3s" }: ReceiverContractOptions = {},
): readonly ContractCase[] {
  const within = parseDuration(patience, "patience");
  const checks: Readonly<Record<string, Check>> = {
    ...always,
    ...(of === "unreliable" ? {} : acknowledging),
    ...(of === "exact" ? exact : {}),
  };
  return Object.entries(checks).map(([title, check]) => ({
    title,
    run: async () => inScene(await open(), check, within),
  }));
}

async function inScene<T>(place: ReceiverPlace<T>, check: Check, patience: Millis): Promise<void> {
  const until: Scene<T>["until"] = (what, fits) => untilWithin(what, fits, patience);
  const hosts: ReceiverHost<T>[] = [];
  const run = async (position?: Uint8Array): Promise<ReceiverHost<T>> => {
    const host = new ReceiverHost(place.receiver(), position);
    hosts.push(host);
    await host.start();
    await until("the receiver is connected to its source", () => place.connected());
    return host;
  };
  try {
    await check({
      receiver: () => place.receiver(),
      produce: (count) => place.produce(count),
      interrupt: () => place.interrupt(),
      connected: () => place.connected(),
      acknowledged: () => acknowledgedOf(place),
      run,
      until,
    });
  } finally {
    await Promise.allSettled(hosts.map((host) => host.stop()));
    await place.close?.();
  }
}

async function acknowledgedOf<T>(place: ReceiverPlace<T>): Promise<number> {
  ok(place.acknowledged !== undefined, "a receiver that acknowledges is tested with `acknowledged`");
  return place.acknowledged();
}

const has =
  <T>(host: ReceiverHost<T>, count: number) =>
  (): boolean =>
    host.stored.length >= count;

const always: Readonly<Record<string, Check>> = {
  "what the source sends is stored, in order and once": async (scene) => {
    const host = await scene.run();
    const records = [...(await scene.produce(3)), ...(await scene.produce(4))];
    await scene.until("seven records are stored", has(host, 7));
    await aWhile();
    deepEqual(host.stored, records);
  },
  "an interrupted connection is made again, by a restart or by itself, and records go on": async (scene) => {
    const host = await scene.run();
    await scene.produce(2);
    await scene.until("two records are stored", has(host, 2));
    await scene.interrupt();
    await scene.until("the receiver is connected again", () => scene.connected());
    const records = await scene.produce(2);
    await scene.until("records of the new connection are stored", () =>
      records.every((record) => host.stored.some((stored) => sameRecord(stored, record))),
    );
  },
  "stopped, it stores nothing any more once onStop has settled": async (scene) => {
    const host = await scene.run();
    await scene.produce(2);
    await scene.until("two records are stored", has(host, 2));
    await host.stop();
    const before = host.stored.length;
    await scene.produce(2);
    await aWhile();
    equal(host.stored.length, before);
    equal(host.restarts, 0, "a receiver that was stopped asks for no restart");
  },
};

const acknowledging: Readonly<Record<string, Check>> = {
  "nothing is acknowledged before it is safe, and all of it then": async (scene) => {
    const host = await scene.run();
    host.hold();
    await scene.produce(3);
    await scene.until("three records are stored", has(host, 3));
    await aWhile();
    equal(await scene.acknowledged?.(), 0);
    host.confirm();
    await scene.until("three records are acknowledged", async () => (await scene.acknowledged?.()) === 3);
  },
  "what was not safe when its executor was lost is received again on another one": async (scene) => {
    const lost = await scene.run();
    const safe = await scene.produce(2);
    await scene.until("two records are acknowledged", async () => (await scene.acknowledged?.()) === 2);
    lost.hold();
    const unsafe = await scene.produce(3);
    await scene.until("three more are stored", has(lost, 5));
    const { position } = lost;
    await lost.lose();
    const next = await scene.run(position);
    await scene.until("the three are received again", has(next, 3));
    deepEqual([...safe, ...next.stored].slice(0, 5), [...safe, ...unsafe]);
  },
  "what it stores while it stops is acknowledged when it is safe": async (scene) => {
    const host = await scene.run();
    host.hold();
    await scene.produce(2);
    await scene.until("two records are stored", has(host, 2));
    const stopped = host.stop();
    host.confirm();
    await stopped;
    const next = await scene.run(host.position);
    const records = await scene.produce(1);
    await scene.until("the next record is stored", has(next, 1));
    await aWhile();
    // An acknowledgement may be lost with the connection; records that are safe are never missing.
    deepEqual(next.stored.slice(-1), records);
  },
};

const exact: Readonly<Record<string, Check>> = {
  "it goes on after its position, though the acknowledgement was lost": async (scene) => {
    const lost = await scene.run();
    lost.hold();
    const first = await scene.produce(3);
    await scene.until("three records are stored", has(lost, 3));
    await lost.lose(); // its connections are gone, and the acknowledgement with them
    lost.confirm();
    const next = await scene.run(lost.position);
    const second = await scene.produce(2);
    await scene.until("two more are stored", has(next, 2));
    await aWhile();
    deepEqual([...lost.safe, ...next.stored], [...first, ...second]);
  },
  "its position is plain data, and comes with every record": async (scene) => {
    const host = await scene.run();
    equal(host.position, undefined);
    await scene.produce(1);
    await scene.until("a record is stored", has(host, 1));
    ok(host.position !== undefined, "a record was stored without a position");
  },
};

function sameRecord(a: unknown, b: unknown): boolean {
  try {
    deepEqual(a, b);
    return true;
  } catch {
    return false;
  }
}
