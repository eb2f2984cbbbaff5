import { epochMs, executorId, ManualClock, parseConf, streamId } from "@millrace/base";
import { blockId, type ReceiverPlan } from "@millrace/plan";
import type { ToExecutor } from "@millrace/rpc";
import { describe, expect, test } from "vitest";
import type { Executors } from "./executors.ts";
import { ReceiverShell } from "./receiver-shell.ts";

const E1 = executorId("e1");

function shell(receiverLog: "on" | "off") {
  const told: ToExecutor["type"][] = [];
  const deeds: (() => void)[] = [];
  const ignore = (): void => undefined;
  // What the shell uses of it here.
  const executors = { send: (_: unknown, { type }: ToExecutor) => void told.push(type), addressOf: ignore } as unknown;
  const level = { memory: true, disk: true, replication: 1 };
  const receiver: ReceiverPlan = {
    ...{ stream: streamId(0), input: "input-0", name: "lines", level },
    receiver: { kind: "socketText", host: "h", port: 1 },
  };
  const receivers = new ReceiverShell(
    [receiver],
    {
      ...{ conf: parseConf({ "receiver.log": receiverLog }), batchIntervalMs: 1_000, replicate: false },
      ...{ clock: new ManualClock(epochMs(0)), log: undefined },
    },
    {
      executors: executors as Executors,
      asOwner: (deed) => void deeds.push(deed),
      ...{ onAllocated: ignore, onInput: ignore, onHolderAdded: ignore, onCopiesReleased: ignore },
      ...{
        changed: ignore,
        onSegmentsFree: ignore,
        observe: ignore,
        onAllStopped: ignore,
        warn: ignore,
        warningOver: ignore,
      },
    },
  );
  receivers.dispatch({ type: "executorReady", executor: E1 });
  receivers.start();
  told.length = 0;
  const block = { id: blockId("recv/0/1.0/0"), bytes: 8, records: 1, at: [E1] };
  receivers.onMessage(E1, { type: "received", stream: streamId(0), blocks: [block] });
  return { told, deeds };
}

describe("a receiver is told that its blocks are safe", () => {
  test("at once, when executors hold them", () => {
    expect(shell("off")).toMatchObject({ told: expect.arrayContaining(["blocksTaken"]), deeds: [] });
  });

  test("when they are in the received log, only by the owner of that: another one may have read it by now", () => {
    const { told, deeds } = shell("on");
    expect(told).not.toContain("blocksTaken");
    expect(deeds).toHaveLength(1);
    for (const deed of deeds) deed();
    expect(told).toContain("blocksTaken");
  });
});
