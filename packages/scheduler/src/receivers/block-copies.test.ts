import { streamId } from "@millrace/base";
import { blockId } from "@millrace/plan";
import { describe, expect, test } from "vitest";
import { COPY_BLOCKS_MAX, COPY_BYTES_MAX } from "./block-copies.ts";
import {
  after,
  allAfter,
  allocate,
  copied,
  copyDue,
  done,
  fixed,
  leaving,
  lost,
  ready,
  received,
  released,
  runBatch,
  started,
  status,
  tracker,
} from "./receiver-script.fixture.ts";
import type { ReceiverTracker } from "./receiver-state.ts";
import { stepReceivers } from "./receiver-tracker.ts";

const MISSING = "warning COPIES_MISSING: COPIES_MISSING/receivers";
const made = (n: number): string =>
  `over COPIES_MISSING/receivers: [COPIES_MADE] received blocks have their copies again; copied: ${n}.`;

/** Executors e1 to eN, and one receiver on e1 whose second copies are on e2. */
function on(executors: number, copies: 1 | 2 = 2): ReceiverTracker {
  const state = tracker();
  for (let n = 1; n <= executors; n++) after(state, ready(`e${n}`));
  after(state, started(copies));
  return state;
}

describe("a block that lost one of its two holders", () => {
  test("is copied to a third executor, whether it waits, has a batch, or a window looks back on it", () => {
    const state = on(3);
    after(state, received("e1", 0, 0, "e2"), allocate(100), fixed(100), runBatch(100), done(100));
    after(state, received("e1", 0, 1, "e2"), allocate(200), received("e1", 0, 2, "e2"));
    expect(after(state, lost("e2"))).toEqual([
      "peer of 0 on e1: e3",
      MISSING,
      "copy recv/0/2@e1 recv/0/0@e1 recv/0/1@e1 to e3",
    ]);
    expect(after(state, copied("e3", ["recv/0/0", "recv/0/1", "recv/0/2"]))).toEqual([
      "e3 holds recv/0/0 recv/0/1 recv/0/2",
      made(3),
    ]);
    // The second loss, some time after the first.
    expect(after(state, lost("e1")).filter((line) => line.startsWith("LOST"))).toEqual([]);
    expect(after(state, fixed(200), runBatch(200))).toEqual(["input 200: recv/0/1@e3"]);
  });

  test("stays as it is while there is no other executor, and is copied when one joins", () => {
    const state = on(2);
    after(state, received("e1", 0, 0, "e2"));
    expect(after(state, lost("e2"))).toEqual(["warning NO_REPLICA_PEER: NO_REPLICA_PEER/0", "peer of 0 on e1: none"]);
    after(state, received("e1", 0, 1));
    expect(after(state, ready("e3"))).toEqual([
      "over NO_REPLICA_PEER/0",
      "peer of 0 on e1: e3",
      MISSING,
      "copy recv/0/0@e1 recv/0/1@e1 to e3",
    ]);
  });

  test("is not copied with a level of one copy", () => {
    const state = on(3, 1);
    after(state, received("e2", 0, 0));
    expect(after(state, lost("e3"), ready("e3"))).toEqual([]);
  });

  test("is one of those that arrive without a second copy, because the peer did not take it", () => {
    const state = on(2);
    expect(after(state, received("e1", 0, 0))).toEqual(["copy recv/0/0@e1 to e2"]);
    expect(after(state, copied("e2", ["recv/0/0"]))).toEqual(["e2 holds recv/0/0"]);
  });
});

describe("copies are background work", () => {
  test("in requests of a bounded number and size, one at a time for each executor that fetches or serves", () => {
    const state = on(4);
    for (let n = 0; n < 40; n++) after(state, received("e1", 0, n, "e2"));
    const [, , , first] = ["", ...after(state, lost("e2"))];
    expect(first?.split(" ").filter((word) => word.startsWith("recv/"))).toHaveLength(COPY_BLOCKS_MAX);
    expect(state.copies.underWay.size).toBe(1); // e1 alone can serve
    const large = on(3);
    const blocks = [1, COPY_BYTES_MAX, COPY_BYTES_MAX + 1].map((bytes, n) => {
      const [id, at] = [blockId(`recv/0/${n}`), (large.executors as readonly string[]).slice(0, 2)];
      return { id, bytes, records: 1, at: large.executors.filter((name) => at.includes(name)) };
    });
    const [reader] = large.executors;
    if (reader === undefined) throw new Error("there are executors");
    stepReceivers(large, { type: "received", executor: reader, stream: streamId(0), blocks });
    expect(after(large, lost("e2")).at(-1)).toBe("copy recv/0/0@e1 to e3");
    expect(after(large, copied("e3", ["recv/0/0"])).at(-1)).toBe("copy recv/0/1@e1 to e3");
    expect(after(large, copied("e3", ["recv/0/1"])).at(-1)).toBe("copy recv/0/2@e1 to e3");
  });

  test("spread evenly over the other executors", () => {
    const state = on(5);
    for (let n = 0; n < 300; n++) after(state, received("e1", 0, n, "e2"));
    after(state, lost("e2"));
    while (state.copies.underWay.size > 0) {
      const [[to, { blocks }] = ["", { blocks: new Map<string, never>() }]] = state.copies.underWay;
      after(state, copied(to, [...blocks.keys()]));
    }
    const held = (name: string): number =>
      state.receivers.get(streamId(0))?.waiting.filter(({ at }) => at.some((holder) => holder === name)).length ?? 0;
    for (const name of ["e3", "e4", "e5"]) {
      expect(held(name)).toBeGreaterThanOrEqual(100 - COPY_BLOCKS_MAX);
      expect(held(name)).toBeLessThanOrEqual(100 + COPY_BLOCKS_MAX);
    }
  });

  test("that failed pause, and are then made by another or again", () => {
    const state = on(3);
    after(state, received("e1", 0, 0, "e2"), received("e1", 0, 1, "e2"), lost("e2"));
    expect(after(state, copied("e3", ["recv/0/0"], ["recv/0/1"]))).toEqual(["e3 holds recv/0/0", "pause copies to e3"]);
    expect(after(state, received("e1", 0, 2, "e3"))).toEqual([]);
    expect(after(state, copyDue("e3"))).toEqual(["copy recv/0/1@e1 to e3"]);
    expect(after(state, copied("e3", [], ["recv/0/1"]), ready("e4"))).toEqual(["copy recv/0/1@e1 to e4"]);
  });
});

describe("while a copy is under way", () => {
  test("a block that is released is dropped where it was, and where it comes", () => {
    const state = on(3);
    after(state, received("e1", 0, 0, "e2"), allocate(100), fixed(100), runBatch(100), done(100), lost("e2"));
    expect(after(state, released(100))).toEqual(["drop recv/0/0 on e1"]);
    expect(after(state, copied("e3", ["recv/0/0"]))).toEqual(["drop recv/0/0 on e3", "over COPIES_MISSING/receivers"]);
  });

  test("the loss of the executor that fetches gives the block to another one", () => {
    const state = on(4);
    after(state, received("e1", 0, 0, "e2"), lost("e2"));
    expect(after(state, lost("e3")).at(-1)).toBe("copy recv/0/0@e1 to e4");
    expect(after(state, copied("e3", ["recv/0/0"]))).toEqual([]); // late
  });

  test("the loss of the last holder loses the block, and what came of it is dropped", () => {
    const state = on(3);
    after(state, received("e1", 0, 0, "e2"), lost("e2"));
    expect(after(state, lost("e1"))[0]).toBe("LOST 10 of 0 in none");
    expect(after(state, copied("e3", ["recv/0/0"]))).toEqual(["drop recv/0/0 on e3", "over COPIES_MISSING/receivers"]);
  });
});

describe("an executor that leaves", () => {
  const stopped = status("e1", 0, { state: "stopped" });

  test("goes when every block that it held has its copies on executors that stay", () => {
    const state = on(3);
    after(state, received("e1", 0, 0, "e2"), allocate(100), fixed(100), runBatch(100), done(100));
    expect(after(state, leaving("e1"))).toEqual(["stop 0 on e1", "copy recv/0/0@e1+e2 to e3"]);
    expect(after(state, stopped)).toEqual(["start 0 on e2 +e3"]); // e1 is not free yet
    expect(after(state, copied("e3", ["recv/0/0"]))).toEqual(["e3 holds recv/0/0", "free e1"]);
    after(state, lost("e1"));
    expect(after(state, lost("e2")).filter((line) => line.startsWith("LOST"))).toEqual([]);
    expect(allAfter(state, released(100))).toEqual(["drop recv/0/0 on e3", "released copies recv/0/0"]);
  });

  test("hands over what it alone holds, also with a level of one copy", () => {
    const state = on(2, 1);
    after(state, received("e1", 0, 0));
    expect(after(state, leaving("e1"))).toEqual(["stop 0 on e1", "copy recv/0/0@e1 to e2"]);
    expect(after(state, stopped, copied("e2", ["recv/0/0"]))).toEqual(["e2 holds recv/0/0", "free e1"]);
  });

  test("is given no copies", () => {
    const state = on(4);
    after(state, received("e1", 0, 0, "e2"), leaving("e3"));
    expect(after(state, lost("e2")).at(-1)).toBe("copy recv/0/0@e1 to e4");
  });
});
