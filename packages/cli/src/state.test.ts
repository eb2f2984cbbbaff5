import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { errorKind } from "@millrace/base";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Engine, KeyChange, StateRow } from "./engine.ts";
import { operator, running, session } from "./program.fixture.ts";

const rows: readonly StateRow[] = [
  { operator: "totals", key: "a, b", state: 1, updated: undefined },
  { operator: "totals", key: ["x", 2], state: { $bigint: "7" }, updated: 1_000 },
];
const changes: readonly KeyChange[] = [
  { operator: "totals", key: "a", before: 1, after: 2 },
  { operator: "totals", key: "b", before: undefined, after: "new" },
];

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "millrace-state-cli-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** A checkpoint with these rows, and where it was looked for. */
function world(all: readonly StateRow[] = rows) {
  const opened: string[] = [];
  const data = {
    last: 2_000,
    async *scan() {
      for (const row of all) yield [row];
    },
    async *diff() {
      yield changes;
    },
    get: async (_: string, keys: readonly unknown[]) => keys.map((key) => all.find((row) => row.key === key)),
  };
  const openState = async (where: string) => {
    opened.push(where);
    return data as unknown as Awaited<ReturnType<Engine["openState"]>>; // what the commands call of it
  };
  return { ...session({ engine: { openState } }), opened };
}

describe("millrace state", () => {
  test("shows keys as a table, JSON lines and CSV", async () => {
    const run = (...args: readonly string[]) => world().run(...args);
    expect((await run("state", "scan", "/c")).out).toBe(
      `operator  key      state            updated
totals    "a, b"   1
totals    ["x",2]  {"$bigint":"7"}  1970-01-01T00:00:01.000Z
`,
    );
    expect((await run("state", "scan", "/c", "--format", "jsonl")).out).toBe(
      '{"operator":"totals","key":"a, b","state":1}\n{"operator":"totals","key":["x",2],"state":{"$bigint":"7"},"updated":1000}\n',
    );
    expect((await run("state", "export", "/c", "--format", "csv")).out).toBe(
      'operator,key,state,updated\r\ntotals,"a, b",1,\r\ntotals,"[""x"",2]","{""$bigint"":""7""}",1970-01-01T00:00:01.000Z\r\n',
    );
  });

  test("has one heading over all keys of a CSV, and over none", async () => {
    const heading = "operator,key,state,updated\r\n";
    const scan = async (all: typeof rows) => (await world(all).run("state", "scan", "/c", "--format", "csv")).out;
    expect((await scan(rows)).split(heading)).toHaveLength(2);
    expect(await scan(rows)).toMatch(/^operator,/);
    expect(await scan([])).toBe(heading);
  });

  test("stops a scan at its limit, and says so", async () => {
    const { out, err } = await world().run("state", "scan", "/c", "--limit", "1", "--format", "jsonl");
    expect(out.split("\n")).toHaveLength(2);
    const { err: whole } = await world().run("state", "scan", "/c", "--limit", "2");
    expect([err.includes("more than 1 keys"), whole]).toEqual([true, ""]);
  });

  test("exports to a file, whole or not at all", async () => {
    const out = join(folder, "totals.jsonl");
    const { code, err } = await world().run("state", "export", "/c", "totals", "--out", out);
    expect([code, err]).toEqual([0, `millrace: 2 keys as of batch 2000 written to ${out}\n`]);
    expect(readFileSync(out, "utf8").split("\n")).toHaveLength(3);
    const broken = session({
      engine: {
        openState: async () => {
          throw errorKind("STATE_UNKNOWN", "user")("no such state.");
        },
      },
    });
    expect((await broken.run("state", "export", "/c", "--out", join(folder, "other"))).code).toBe(1);
    expect(readdirSync(folder)).toEqual(["totals.jsonl"]);
  });

  test("gets keys, which are JSON or text, and fails if one is not there", async () => {
    const { code, out, err } = await world().run("state", "get", "/c", "totals", "a, b", "7", "--format", "jsonl");
    expect([code, out]).toEqual([1, '{"operator":"totals","key":"a, b","state":1}\n']);
    expect(err).toContain("[STATE_KEY_MISSING]");
    expect(err).toContain("has no key 7 as of the last committed batch, 2000");
  });

  test("shows what differs between two batches", async () => {
    const run = (...args: readonly string[]) => world().run(...args);
    expect((await run("state", "diff", "/c", "--from", "1970-01-01T00:00:01Z")).out).toBe(
      'operator  key  as of 1000  as of 2000\ntotals    "a"  1           2\ntotals    "b"  -           "new"\n',
    );
    expect((await run("state", "diff", "/c", "--from", "1000", "--format", "jsonl")).out).toBe(
      '{"operator":"totals","key":"a","before":1,"after":2}\n{"operator":"totals","key":"b","after":"new"}\n',
    );
    const { code, err } = await run("state", "diff", "/c", "--from", "yesterday");
    expect([code, err.includes("is not the time of a batch")]).toEqual([2, true]);
  });

  describe("of a running job", () => {
    const log = { directory: "/data/chat", resumed: undefined };
    const notFound = errorKind("CHECKPOINT_NOT_FOUND", "user");
    /** The driver says where its checkpoint is, and a job of this name has one there on this machine. */
    const scan = async (place: typeof log | undefined, job?: string) => {
      const opened: string[] = [];
      const openState: Engine["openState"] = async (where) => {
        opened.push(where);
        if (job === undefined) throw notFound("there is none.");
        const data = { job, last: 2_000, scan: async function* () {} };
        return data as unknown as Awaited<ReturnType<Engine["openState"]>>; // what the commands call of it
      };
      const status = async () => ({ ...running, log: place });
      const commands = session({ operator: operator({ status }), engine: { openState } });
      return { ...(await commands.run("state", "scan", "chat-room-1", "--driver", "h:1")), opened };
    };

    test("is read where the driver says that its checkpoint is", async () => {
      const { code, out, opened } = await scan(log, "chat-room");
      expect([code, out, new Set(opened)]).toEqual([0, "no keys\n", new Set(["/data/chat"])]);
    });

    test("is refused if it has none, or if that is not seen from here, or another job's is", async () => {
      expect((await scan(undefined)).err).toContain("[JOB_WITHOUT_CHECKPOINT]");
      for (const [job, what] of [
        [undefined, "none can be found there"],
        ["other", 'the checkpoint of another job, "other", is there'],
      ] as const) {
        const { code, err } = await scan(log, job);
        expect([code, err]).toEqual([
          1,
          expect.stringMatching(/CHECKPOINT_ELSEWHERE.* in \/data\/chat, .* on the driver's/),
        ]);
        expect(err).toContain(what);
      }
    });
  });
});
