// Round trip of a small message between two processes, and MB/s of the data plane: node packages/rpc/bench/rpc.bench.mjs
import { fork } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { dialDriver, listenSessions } from "../dist/grpc.js";
import { DataClient, DataServer } from "../dist/index.js";

const MB = 1 << 20;
const block = new Uint8Array(new SharedArrayBuffer(8 * MB)).fill(7);
const status = { run: 1, partition: 0, attempt: 0, outcome: { kind: "cancelled" } };
const launch = {
  run: 1,
  partition: 0,
  attempt: 0,
  template: 0,
  inputs: [{ kind: "inline", block: new Uint8Array(100) }],
};

if (process.argv[2] === "peer") {
  const [, , , port] = process.argv;
  const session = dialDriver({ address: { host: "127.0.0.1", port: Number(port) }, token: "t" });
  session.onMessage((message) => {
    if (message.type === "launch") session.send({ type: "tasks", statuses: [status] });
  });
  const server = await DataServer.listen({
    host: "127.0.0.1",
    port: 0,
    token: "t",
    blocks: {
      read: (id) => (id === "small" ? [block.subarray(0, 1000)] : [block]),
      write: () => ({ chunk() {}, end() {}, abort() {} }),
    },
  });
  session.send({
    type: "hello",
    protocol: 1,
    job: "j",
    executor: "e",
    slots: 1,
    data: server.address,
    pid: process.pid,
  });
  session.onClose(() => process.exit(0));
} else {
  const server = await listenSessions({ host: "127.0.0.1", port: 0, token: "t", onSession: run });
  const child = fork(fileURLToPath(import.meta.url), ["peer", String(server.address.port)]);
  child.on("exit", () => process.exit(0));
}

function run(session) {
  let answered = () => {};
  session.onMessage((message) => {
    if (message.type === "hello") measure(message.data);
    else answered();
  });
  const roundTrip = () =>
    new Promise((resolve) => {
      answered = resolve;
      session.send({ type: "launch", tasks: [launch] });
    });
  async function measure(data) {
    for (const idleMs of [0, 10]) {
      const times = [];
      for (let i = 0; i < (idleMs === 0 ? 5000 : 200); i++) {
        if (idleMs > 0) await new Promise((resolve) => setTimeout(resolve, idleMs));
        const start = performance.now();
        await roundTrip();
        times.push(performance.now() - start);
      }
      report(`round trip, ${idleMs} ms idle`, times.slice(times.length / 5));
    }
    const client = new DataClient({ token: "t" });
    const target = new Uint8Array(8 * MB); // copies to shared memory are measured by the executor that makes them
    const blocks = 250;
    for (const what of ["get", "put"]) {
      const start = performance.now();
      await Promise.all(
        Array.from({ length: blocks }, () => {
          let at = 0;
          if (what === "put") return client.put(data, "x", { bytes: 8 * MB, parts: [block] });
          return client.get(data, "x", {
            chunk(view) {
              target.set(view, at);
              at += view.byteLength;
            },
            end() {},
            abort() {},
          });
        }),
      );
      const seconds = (performance.now() - start) / 1000;
      console.log(`${what} of 8 MB blocks: ${Math.round((blocks * 8) / seconds)} MB/s`);
    }
    const times = [];
    for (let i = 0; i < 3000; i++) {
      const start = performance.now();
      await client.fetch(data, "small");
      times.push(performance.now() - start);
    }
    report("get of 1 KB, one at a time", times.slice(500));
    const start = performance.now();
    await Promise.all(Array.from({ length: 10_000 }, () => client.fetch(data, "small")));
    console.log(`10 000 pipelined gets of 1 KB: ${Math.round(performance.now() - start)} ms`);
    client.close();
    session.close();
  }
}

function report(what, times) {
  times.sort((a, b) => a - b);
  const at = (q) => times[Math.floor(times.length * q)].toFixed(3);
  console.log(`${what}: median ${at(0.5)} ms, p99 ${at(0.99)} ms`);
}
