import { execFile, execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir, userInfo } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { hdfsFiles } from "@millrace/hdfs";
import { s3Files } from "@millrace/s3";
import { type FileSystem, type Location, locations } from "millrace";
import { afterEach, describe, expect, test } from "vitest";
import { cleanUp, later } from "./clean-up.fixture.ts";
import { TestProcess } from "./process.fixture.ts";
import { jobFile } from "./test-cluster.fixture.ts";

const run = promisify(execFile);
const { within } = locations;

afterEach(cleanUp);

const CANARY = "canary-4711-secret";

/** A real server with a place in it. */
interface Server {
  readonly files: FileSystem;
  readonly place: Location;
  /** What the processes of a job need. */
  readonly env: Readonly<Record<string, string>>;
  /** The same, with a secret that goes with each request. */
  secret(): Promise<{ readonly text: string; readonly env: Readonly<Record<string, string>> }>;
  kill(): void;
  restart(): Promise<unknown>;
}

function start(
  script: string,
): { readonly folder: string; readonly told: (name: string) => string } & Pick<Server, "kill" | "restart"> {
  const path = fileURLToPath(new URL(`../../../scripts/servers/${script}`, import.meta.url));
  const folder = mkdtempSync(join(tmpdir(), "millrace-store-"));
  const text = execFileSync(path, ["start", folder], { encoding: "utf8" });
  later(async () => {
    await run(path, ["stop", folder]);
    rmSync(folder, { recursive: true, force: true });
  });
  return {
    folder,
    told: (name) => new RegExp(`^${name}=(.+)$`, "m").exec(text)?.[1] ?? "",
    kill: () => void execFileSync(path, ["kill", folder]),
    restart: () => run(path, ["start", folder]),
  };
}

function s3(): Server {
  const { folder, told, ...server } = start("s3.sh");
  mkdirSync(join(folder, "data", "bucket"));
  const credentials = join(folder, "credentials");
  const [key, secret, endpoint] = [told("S3_ACCESS_KEY"), told("S3_SECRET_KEY"), told("S3_ENDPOINT")];
  writeFileSync(credentials, `[test]\naws_access_key_id=${key}\naws_secret_access_key=${secret}\n`);
  process.env.AWS_SHARED_CREDENTIALS_FILE = credentials; // of this process
  const env = {
    AWS_ENDPOINT_URL_S3: endpoint,
    AWS_PROFILE: "test",
    AWS_SHARED_CREDENTIALS_FILE: credentials,
    AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true",
  };
  const { AWS_PROFILE: _, AWS_SHARED_CREDENTIALS_FILE: __, ...rest } = env;
  return {
    ...{ ...server, env, files: s3Files({ endpoint, profile: "test" }), place: locations.of("s3://bucket/place") },
    secret: async () => ({
      text: secret,
      env: { ...rest, AWS_ACCESS_KEY_ID: key, AWS_SECRET_ACCESS_KEY: secret, AWS_PROFILE: "" },
    }),
  };
}

function hdfs(): Server {
  const { folder, told, ...server } = start("hdfs.sh");
  const [root, http] = [told("HDFS_URL"), told("HDFS_HTTP")];
  const authority = root.slice("hdfs://".length);
  return {
    ...server,
    env: { MILLRACE_HDFS_NAMENODES: `${authority}=${http}` },
    files: hdfsFiles({ nameNodes: { [authority]: [http] } }),
    place: locations.of(`${root}/place`),
    // Without Kerberos a name node looks at no token, and takes who has one for nobody: who must be let in.
    async secret() {
      const token = join(folder, "token");
      writeFileSync(token, CANARY);
      const { status } = await fetch(
        `${http}/webhdfs/v1/place?op=SETPERMISSION&permission=777&user.name=${userInfo().username}`,
        {
          method: "PUT",
        },
      );
      expect(status).toBe(200);
      return { text: CANARY, env: { ...this.env, MILLRACE_HDFS_TOKEN_FILE: token } };
    },
  };
}

async function filesBelow(files: FileSystem, directory: Location): Promise<readonly Location[]> {
  const found: Location[] = [];
  for await (const page of files.list(directory))
    for (const { kind, path } of page) found.push(...(kind === "directory" ? await filesBelow(files, path) : [path]));
  return found;
}

/** All lines that the job has saved, sorted. */
async function savedIn({ files, place }: Server): Promise<readonly string[]> {
  const parts = (await filesBelow(files, within(place, "out"))).filter((path) => path.includes("/part-"));
  const contents = await Promise.all(parts.map((path) => files.read(path)));
  const lines = contents.flatMap((content) => Buffer.from(content).toString().split("\n"));
  return lines.filter((line) => line !== "").sort();
}

function runJob({ env, place }: Pick<Server, "env" | "place">): TestProcess {
  const job = TestProcess.millrace(["run", jobFile("stores"), "--master", "local-cluster[1,2]", "--", place], {
    env,
    group: true,
  });
  later(() => job.end());
  return job;
}

/** Commands that run no job find the packages of stores from here. */
const cwd = fileURLToPath(new URL("..", import.meta.url));

/** What such a command prints. */
async function readBy({ env }: Server, ...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await TestProcess.millrace(args, { env, cwd }).ended;
  expect(code, stderr).toBe(0);
  return stdout;
}

describe.each<readonly [string, () => Server]>([
  ["s3", s3],
  ["hdfs", hdfs],
])("a job with all of its files on %s", (_, startServer) => {
  test("goes on after a kill, and counts and saves each line once", async () => {
    const server = startServer();
    const put = (name: string, lines: string): Promise<void> =>
      server.files.write(within(server.place, "in", name), [Buffer.from(lines)]);
    await put("old", "old\n");
    const first = runJob(server);
    await first.says(/^counts $/);
    await put("1", "a\nb\na\n");
    await first.says(/^counts a=2 b=1$/);
    await put("2", "c\n");
    first.signalGroup("SIGKILL");
    await first.ended;
    await put("3", "a\n");
    const second = runJob(server);
    await second.says(/resumed from/);
    await second.says(/^counts a=3 b=1 c=1$/);
    second.signal("SIGINT");
    expect((await second.ended).code).toBe(0);
    expect(await savedIn(server)).toEqual(["a", "a", "a", "b", "c"]);
    expect((await filesBelow(server.files, server.place)).filter((path) => path.includes(".writing/"))).toEqual([]);
    expect(await readBy(server, "checkpoint", "inspect", `${server.place}/checkpoint`)).toMatch(
      /job +stores, a batch every 3 s/i,
    );
    const counts = await readBy(server, "state", "export", `${server.place}/checkpoint`);
    expect(counts.match(/"[abc]"/g)?.sort()).toEqual(['"a"', '"b"', '"c"']);
    const pairs = join(mkdtempSync(join(tmpdir(), "millrace-pairs-")), "pairs");
    later(async () => rmSync(dirname(pairs), { recursive: true }));
    writeFileSync(pairs, counts);
    await readBy(server, "state", "import", `${server.place}/imported`, "--in", pairs);
    const again = await readBy(server, "state", "export", `${server.place}/imported`);
    expect(again.split("\n").sort()).toEqual(counts.split("\n").sort()); // in another number of partitions
  }, 180_000);

  test("waits for a server that is killed, says so, and loses and doubles nothing", async () => {
    const server = startServer();
    const put = (name: string, lines: string): Promise<void> =>
      server.files.write(within(server.place, "in", name), [Buffer.from(lines)]);
    const job = runJob(server);
    await job.says(/^counts $/);
    await put("1", "a\n");
    await job.says(/^counts a=1$/);
    server.kill();
    await job.says(/\[SERVER_FAILING\] calls at .* fail, and are repeated/);
    await server.restart();
    await job.says(/ answers again/);
    await put("2", "a\nb\n");
    await job.says(/^counts a=2 b=1$/);
    job.signal("SIGINT");
    expect((await job.ended).code).toBe(0);
    expect(await savedIn(server)).toEqual(["a", "a", "b"]);
  }, 180_000);

  test("tells nobody its secret: neither in what it prints, nor in its checkpoint, nor to who looks at it", async () => {
    const server = startServer();
    await server.files.write(within(server.place, "in", "old"), [Buffer.from("old\n")]);
    const { text: secret, env } = await server.secret();
    const told: string[] = [];
    const tells = async (process: TestProcess): Promise<number | null> => {
      const { code, stdout, stderr } = await process.ended;
      told.push(stdout, stderr);
      return code;
    };
    const millrace = async (...args: readonly string[]): Promise<number | null> => {
      const process = TestProcess.millrace(args, { env, cwd });
      later(() => process.end());
      return tells(process);
    };
    const connect = ["check", jobFile("stores"), "--connect", "--json", "--", server.place];
    expect([await millrace(...connect), told.join("")]).toEqual([0, expect.stringContaining('"reached"')]);
    const job = runJob({ ...server, env });
    await job.says(/^counts $/);
    await server.files.write(within(server.place, "in", "1"), [Buffer.from("a\n")]);
    await job.says(/^counts a=1$/);
    expect(await millrace("checkpoint", "inspect", within(server.place, "checkpoint"), "--json")).toBe(0);
    server.kill();
    await job.says(/\[SERVER_FAILING\]/);
    expect(await millrace("--verbose", ...connect)).toBe(1);
    await server.restart();
    await job.says(/ answers again/);
    job.signal("SIGINT");
    expect(await tells(job)).toBe(0);
    expect(told.join("")).toMatch(/FILE_SERVER_UNREACHABLE/);
    const left = await filesBelow(server.files, within(server.place, "checkpoint"));
    expect(left).not.toEqual([]);
    for (const file of left) told.push(Buffer.from(await server.files.read(file)).toString("latin1"));
    expect(told.filter((text) => text.includes(secret))).toEqual([]);
  }, 180_000);
});
