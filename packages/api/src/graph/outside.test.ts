import { describe, expect, test } from "vitest";
import { saveExternal } from "../external/external-sink.ts";
import { externalStream } from "../external/external-source.ts";
import { shipPackage } from "../external/ship-package.ts";
import { FakePort, GraphLab } from "../lab/graph.fixture.ts";

const read = (): number[] => [];
const open = () => ({ write: () => {}, prepare: () => null });
shipPackage("outside", { read, open });

describe("trying to connect", () => {
  test("reaches for all that the job names, and begins nothing", async () => {
    const port = new FakePort();
    port.memory.directory("/in");
    const begun: string[] = [];
    const graph = await GraphLab.declare(
      (ssc) => {
        ssc.socketTextStream("localhost", 1).print();
        ssc.textFileStream("/in/*/new").print();
        const tickets = externalStream(ssc, {
          ...{ label: "tickets", options: undefined, read, fix: () => [] },
          start: () => void begun.push("start"),
          probe: () => void begun.push("probe of tickets"),
        });
        tickets.saveAsTextFiles("/out/counts");
        saveExternal(tickets, {
          label: "archive",
          options: undefined,
          open,
          recover: () => void begun.push("recover"),
        });
      },
      { port, checkpointDir: "/checkpoint" },
    );
    expect((await graph.connect()).map(({ use, name, state }) => `${use} ${name} ${state}`)).toEqual([
      "source socketTextStream localhost:1 untried",
      "source /in/*/new reached",
      "source tickets reached",
      "output /out reached",
      "output archive untried",
      "checkpoint /checkpoint reached",
    ]);
    expect([begun, port.memory.log]).toEqual([["probe of tickets"], []]);
  });

  test("says what is wrong with each thing that it does not reach, by the code of its own package", async () => {
    const refused = Object.assign(new Error("the office knows nobody of that name."), { code: "OFFICE_CREDENTIALS" });
    const graph = await GraphLab.declare((ssc) => {
      ssc.textFileStream("/none").print();
      externalStream(ssc, {
        ...{ label: "tickets", options: undefined, read, fix: () => [] },
        probe: () => Promise.reject(refused),
      }).print();
    });
    expect(await graph.connect()).toMatchObject([
      { name: "/none", state: "failed", problem: { code: "FILE_NOT_FOUND" } },
      {
        ...{ name: "tickets", state: "failed" },
        problem: { code: "OFFICE_CREDENTIALS", message: expect.stringContaining("knows nobody") },
      },
    ]);
  });
});
