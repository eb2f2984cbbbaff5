import { mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { cleanUp, later } from "./clean-up.fixture.ts";
import { TestProcess } from "./process.fixture.ts";

afterEach(cleanUp);

/** A package that uses only what jobs can import: a source, a sink and a receiver. */
const TICKETS = `
  import { writeFileSync } from "node:fs";
  import { join } from "node:path";
  import { externalStream, inSlices, Receiver, saveExternal, shipPackage } from "millrace";

  const readTickets = (range, { prefix }) => inSlices(pages(range, prefix));

  async function* pages({ from, to }, prefix) {
    yield [];
    for (let n = from; n < to; n += 2) yield [n, n + 1].filter((each) => each < to).map((each) => prefix + each);
  }

  function openArchive({ time, partition, attempt }, { directory }) {
    const name = [time, partition, attempt].join("-");
    const lines = [];
    return {
      async write(records) { lines.push(...records); },
      prepare() {
        writeFileSync(join(directory, name), lines.join("\\n"));
        return { name, pid: process.pid };
      },
      abort() {},
    };
  }

  class WalkIns extends Receiver {
    constructor(who) { super(); this.who = who; }
    async onStart() { await this.store(this.who); }
    onStop() {}
  }

  shipPackage("tickets", { readTickets, openArchive, WalkIns });

  export function tickets(ssc, prefix) {
    let next = 0;
    const range = () => ({ from: next, to: (next += 3) });
    return externalStream(ssc, { label: "tickets", options: { prefix }, fix: () => [range(), range()], read: readTickets });
  }

  export function archive(stream, directory) {
    saveExternal(stream, {
      label: "archive",
      options: { directory },
      open: openArchive,
      commit(batch, written) {
        for (const { name, pid } of written) console.log("committed", name, pid === process.pid ? "here" : "elsewhere");
      },
    });
  }

  export const walkIns = (ssc, who) => ssc.receiverStream(new WalkIns(who));
`;

const JOB = `
  import { defineJob } from "millrace";
  import { archive, tickets, walkIns } from "tickets";

  export default defineJob({ name: "box office", batchInterval: "200ms" }, (ssc, [directory]) => {
    archive(tickets(ssc, "ticket ").map((ticket) => ticket + "!"), directory);
    walkIns(ssc, "somebody").foreachRDD(async (rdd) => {
      for (const who of await rdd.collect()) console.log("received", who);
    });
  });
`;

/** A folder with the job, its package, and a place for its output. */
function boxOffice() {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "millrace-packages-")));
  later(() => rmSync(folder, { recursive: true }));
  const place = join(folder, "node_modules/tickets");
  const written = join(folder, "written");
  mkdirSync(place, { recursive: true });
  mkdirSync(written);
  const manifest = { name: "tickets", version: "1.0.0", type: "module", exports: "./index.js" };
  writeFileSync(join(place, "package.json"), JSON.stringify(manifest));
  writeFileSync(join(place, "index.js"), TICKETS);
  writeFileSync(join(folder, "job.mjs"), JOB);
  return { job: join(folder, "job.mjs"), written };
}

test.each([
  ["local[2]", "here"],
  ["local-cluster[2,1]", "elsewhere"],
])("a package's source, sink and receiver work without a word in the engine, on %s", async (master, where) => {
  const { job, written } = boxOffice();
  const run = TestProcess.millrace(["run", job, "--master", master, "--", written]);
  later(() => run.end());
  await run.says(/^received somebody$/);
  await run.says(/^committed \d+-1-0 /);
  run.signal("SIGINT");
  const { code, stdout } = await run.ended;
  expect(code).toBe(0);
  const committed = [...stdout.matchAll(/^committed (\d+-[01]-\d+) (\w+)$/gm)];
  expect(new Set(committed.map(([, , at]) => at))).toEqual(new Set([where]));
  const files = committed.map(([, name = ""]) => name);
  expect(readdirSync(written).sort()).toEqual(files.toSorted());
  const lines = files.flatMap((file) => readFileSync(join(written, file), "utf8").split("\n"));
  expect(lines).toEqual(Array.from({ length: 3 * files.length }, (_, n) => `ticket ${n}!`));
});
