import { afterEach, expect, test } from "vitest";
import { Demonstration } from "../demo.fixture.ts";

const shown: Demonstration[] = [];
afterEach(async () => {
  for (const one of shown.splice(0)) await one.remove();
});

test("an incident is reported once, and its end, as Kafka's own client reads it; Hadoop's shell finds the rates", async () => {
  const demonstration = new Demonstration("log-monitoring", { keep: ["kafka", "hdfs"] });
  shown.push(demonstration);
  expect(await demonstration.ended, demonstration.output).toBe(0);
  expect(await demonstration.readByJava("alerts")).toEqual([
    expect.stringMatching(/^payments FAILING: [1-5]\d\.\d % errors$/),
    expect.stringMatching(/^payments recovered: (\d|10)\.\d % errors$/),
  ]);
  const rates = (await demonstration.dfs("-cat", "/logs/rates/window-*/part-*")).split("\n").filter(Boolean);
  const failing = rates.filter((line) => {
    const [service, requests, errors] = line.split(",");
    return service === "payments" && Number(errors) / Number(requests) > 0.1;
  });
  expect(failing).not.toEqual([]);
  expect(rates.filter((line) => line.startsWith("search,")).length).toBeGreaterThan(failing.length);
}, 240_000);
