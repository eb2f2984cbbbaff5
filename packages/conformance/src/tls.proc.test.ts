import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";
import { cleanUp, later } from "./clean-up.fixture.ts";
import { type Ended, TestProcess } from "./process.fixture.ts";
import { TestCluster } from "./test-cluster.fixture.ts";

const CERTIFICATES = fileURLToPath(new URL("../../rpc/testdata/tls", import.meta.url));
const OTHER_CA = join(CERTIFICATES, "other-ca.pem");

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "millrace-tls-"));
  later(() => rm(folder, { recursive: true, force: true }));
});
afterEach(cleanUp);

function millrace(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ended> {
  const process = TestProcess.millrace(args, { env });
  later(() => process.end());
  return process.ended;
}

test("a cluster with TLS runs jobs, on every connection, and tells those who dial otherwise what is wrong", async () => {
  const cluster = await TestCluster.start({
    executors: 2,
    slots: 1,
    tls: CERTIFICATES,
    driverOptions: ["--advertise", "localhost"], // where executors dial the job's driver, by the certificate's other name
  });
  later(() => cluster.stop());
  const job = await cluster.submit("values"); // shuffles between the two, and what is large goes past gRPC
  await job.log.says(/^values /);
  expect(await cluster.ask("status", job.id)).toMatchObject({ state: "running", executors: 2 });

  const at = ["--driver", cluster.address];
  expect(await millrace(["jobs", ...at])).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/\[NOT_A_DRIVER\].*it requires TLS, but this process dials without TLS.*--tls-ca/),
  });
  const stranger = {
    code: 2,
    stderr: expect.stringMatching(/\[BAD_TLS\] the certificate of .* is not trusted.*--tls-ca/),
  };
  expect(await millrace(["jobs", ...at, "--tls-ca", OTHER_CA])).toMatchObject(stranger);
  const executor = ["executor", ...at, "--work-dir", folder];
  const own = ["--tls-cert", join(CERTIFICATES, "process.pem"), "--tls-key", join(CERTIFICATES, "process.key")];
  expect(await millrace([...executor, ...own, "--tls-ca", OTHER_CA])).toMatchObject(stranger);
  expect(await millrace(executor, { MILLRACE_TLS_CA: join(CERTIFICATES, "ours-ca.pem") })).toMatchObject({
    code: 2,
    stderr: expect.stringMatching(/\[BAD_TLS\].*needs a certificate and its key/),
  });
  expect(await job.stop()).toMatchObject({ state: "finished", batchesFailed: 0 });
});

test("a command with TLS tells a driver without", async () => {
  const cluster = await TestCluster.start({ executors: 0, slots: 1 });
  later(() => cluster.stop());
  expect(await millrace(["jobs", "--driver", cluster.address, "--tls-ca", OTHER_CA])).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/\[NOT_A_DRIVER\].*it answers without TLS, but this process dials with TLS/),
  });
});
