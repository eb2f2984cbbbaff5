import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { cleanUp, later } from "./clean-up.fixture.ts";
import { type Ended, TestProcess } from "./process.fixture.ts";
import { TestCluster } from "./test-cluster.fixture.ts";

// Access to a port means running code: nothing listens beyond this machine without a token, or accepts callers without it.

afterEach(cleanUp);

async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), "millrace-token-"));
  later(() => rm(path, { recursive: true, force: true }));
  return path;
}

describe("without a token", () => {
  test.each([
    ["driver", ["--port", "0", "--ui-port", "0", "--data-dir"]],
    ["executor", ["--driver", "127.0.0.1:1", "--work-dir"]],
  ])("a %s that would listen beyond this machine does not start, with 2", async (command, options) => {
    const process = TestProcess.millrace([command, ...options, await folder(), "--host", "0.0.0.0"]);
    later(() => process.end());
    expect(await process.ended).toMatchObject({
      code: 2,
      stdout: "",
      stderr: expect.stringMatching(/^\[INSECURE_BIND\] refusing to listen on 0\.0\.0\.0.*MILLRACE_TOKEN.*--insecure/),
    });
  });

  test("a driver listens to this machine alone", async () => {
    const cluster = await TestCluster.start({ executors: 0, slots: 1 });
    later(() => cluster.stop());
    expect([cluster.address, cluster.uiAddress]).toEqual([
      expect.stringMatching(/^127\.0\.0\.1:/),
      expect.stringMatching(/^127\.0\.0\.1:/),
    ]);
  });
});

test("with one, a cluster beyond this machine runs jobs for those who have it, and refuses all others", async () => {
  const cluster = await TestCluster.start({ executors: 2, slots: 1, host: "0.0.0.0", token: "open sesame" });
  later(() => cluster.stop());
  const job = await cluster.submit("values"); // shuffles between the two, and what is large goes past gRPC
  await job.log.says(/^values /);

  const refused = { code: 1, stderr: expect.stringMatching(/\[UNAUTHENTICATED\].*MILLRACE_TOKEN \(or --token-file\)/) };
  const outside = (args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ended> => {
    const process = TestProcess.millrace([...args, "--driver", cluster.address], { env });
    later(() => process.end());
    return process.ended;
  };
  expect(await outside(["jobs"])).toMatchObject(refused);
  expect(await outside(["kill", job.id], { MILLRACE_TOKEN: "a guess" })).toMatchObject(refused);
  expect(await outside(["executor", "--work-dir", await folder()])).toMatchObject(refused);
  expect(await outside(["executor", "--work-dir", await folder()], { MILLRACE_TOKEN: "a guess" })).toMatchObject(
    refused,
  );

  const file = join(await folder(), "token");
  await writeFile(file, "open sesame\n");
  const { code, stdout } = await outside(["executors", "--json", "--token-file", file]);
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toHaveLength(2);
  for (const path of ["healthz", "readyz"]) // for probes, which have no token and learn nothing
    expect(await fetch(`http://${cluster.uiAddress}/${path}`)).toMatchObject({ status: 200 });
  expect(await job.stop()).toMatchObject({ state: "finished", batchesFailed: 0 });
  expect(cluster.driver.lines.all.join("\n")).not.toContain("sesame");
});
