import { expect, test } from "vitest";
import type { ClusterSecurity, Engine } from "./engine.ts";
import { mismatch, operator, session } from "./program.fixture.ts";

function spied(): { readonly asked: ClusterSecurity[]; readonly engine: Partial<Engine> } {
  const asked: ClusterSecurity[] = [];
  return {
    asked,
    engine: {
      connect: async (_, security) => {
        asked.push(security);
        return operator({});
      },
      startDriver: async (request) => {
        asked.push({ token: request.token, tls: request.tls });
        throw mismatch("no.");
      },
      startExecutor: async (request) => {
        asked.push({ token: request.token, tls: request.tls });
        return { stop: async () => undefined, ended: Promise.resolve(mismatch("no.")) };
      },
    },
  };
}

const env = {
  MILLRACE_DRIVER: "driver:7077",
  MILLRACE_TOKEN: "secret",
  MILLRACE_TLS_CA: "env-ca",
  MILLRACE_TLS_CERT: "env-cert",
  MILLRACE_TLS_KEY: "",
};

test("an operator's command checks the driver's certificate; the option wins over the environment", async () => {
  const { asked, engine } = spied();
  await session({ engine, env }).run("jobs");
  await session({ engine, env }).run("jobs", "--tls-ca", "ca");
  await session({ engine }).run("jobs");
  expect(asked).toEqual([
    { token: "secret", tls: { ca: { file: "env-ca", option: "MILLRACE_TLS_CA" } } },
    { token: "secret", tls: { ca: { file: "ca", option: "--tls-ca" } } },
    { token: undefined, tls: {} },
  ]);
});

test.each(["driver", "executor"])("a %s has a certificate of its own, too", async (command) => {
  const { asked, engine } = spied();
  await session({ engine, env }).run(command, "--tls-key", "key");
  expect(asked).toEqual([
    {
      token: "secret",
      tls: {
        ca: { file: "env-ca", option: "MILLRACE_TLS_CA" },
        cert: { file: "env-cert", option: "MILLRACE_TLS_CERT" },
        key: { file: "key", option: "--tls-key" },
      },
    },
  ]);
});

test("the address that others dial, and the ports of jobs, reach the processes", async () => {
  const asked: unknown[] = [];
  const engine: Partial<Engine> = {
    startDriver: async ({ advertise, jobPorts }) => {
      asked.push({ advertise, jobPorts });
      throw mismatch("no.");
    },
    startExecutor: async ({ advertise }) => {
      asked.push({ advertise });
      return { stop: async () => undefined, ended: Promise.resolve(mismatch("no.")) };
    },
  };
  await session({ engine }).run("driver", "--advertise", "driver.example", "--job-ports", "7100-7199");
  await session({ engine }).run("driver");
  await session({ engine }).run("executor", "--advertise", "10.0.0.7");
  expect(asked).toEqual([
    { advertise: "driver.example", jobPorts: { first: 7100, last: 7199 } },
    { advertise: undefined, jobPorts: undefined },
    { advertise: "10.0.0.7" },
  ]);
});
