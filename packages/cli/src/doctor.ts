import { constants } from "node:fs";
import { access, mkdir, statfs } from "node:fs/promises";
import { createServer } from "node:net";
import { formatSize, parseConf } from "@millrace/base";

export interface Finding {
  readonly what: string;
  readonly verdict: "ok" | "warn" | "fail";
  readonly text: string;
}

const DISK_BYTES_MIN = 1024 ** 3;

/** Checks this machine for a driver or an executor. Opens the default ports for a moment; creates `dataDir`. */
export async function lookAround(
  dataDir: string,
  machine: { readonly cores: number; readonly memoryBytes: number },
): Promise<readonly Finding[]> {
  return [
    node(),
    await port(7077, "driver --port"),
    await port(4040, "driver --ui-port"),
    await disk(dataDir),
    memory(machine),
  ];
}

function node(): Finding {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  const fine = major > 20 || (major === 20 && minor >= 19);
  return {
    what: "node",
    verdict: fine ? "ok" : "fail",
    text: `${process.versions.node}${fine ? "" : "; 20.19 or newer is needed"}`,
  };
}

function port(number: number, option: string): Promise<Finding> {
  return new Promise((resolve) => {
    const what = `:${number}`;
    const server = createServer();
    server.once("error", (error: NodeJS.ErrnoException) => {
      const why = error.code === "EADDRINUSE" ? "in use, perhaps by a running driver" : error.message;
      resolve({ what, verdict: "warn", text: `${why}; choose another with ${option}` });
    });
    server.listen(number, "127.0.0.1", () => server.close(() => resolve({ what, verdict: "ok", text: "free" })));
  });
}

async function disk(dir: string): Promise<Finding> {
  try {
    await mkdir(dir, { recursive: true });
    await access(dir, constants.W_OK);
    const { bavail, bsize } = await statfs(dir);
    const free = bavail * bsize;
    return { what: "disk", verdict: free < DISK_BYTES_MIN ? "warn" : "ok", text: `${formatSize(free)} free in ${dir}` };
  } catch (error) {
    return { what: "disk", verdict: "fail", text: error instanceof Error ? error.message : String(error) };
  }
}

function memory({ cores, memoryBytes }: { readonly cores: number; readonly memoryBytes: number }): Finding {
  const conf = parseConf({});
  const wanted = conf["storage.pool.bytes"] + cores * conf["executor.slot.heap"];
  const fits = wanted <= memoryBytes;
  const text =
    `${formatSize(memoryBytes)} for this process; a job with default settings may use ` +
    `${formatSize(conf["storage.pool.bytes"])} for blocks and ${cores} x ${formatSize(conf["executor.slot.heap"])} for slots` +
    (fits ? "" : ": more than this process may use; lower executor.slot.heap, storage.pool.bytes or --slots");
  return { what: "memory", verdict: fits ? "ok" : "warn", text };
}
