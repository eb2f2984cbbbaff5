import { describe, expect, test } from "vitest";
import { type Manifest, makeArtefact, packArtefact, readManifest, unpackArtefact } from "./artefact.ts";

const manifest: Manifest = {
  entry: "job.ts",
  apiVersion: "0.1.0",
  externals: [{ name: "sharp", version: "1.0.0", reason: "has native parts" }],
  files: ["job.ts"],
  functions: 3,
};
const artefact = makeArtefact({ manifest, driver: "export default 'größe 😀';", executor: "" });

describe("an artefact as bytes", () => {
  test("survives packing, from any view", () => {
    const packed = packArtefact(artefact);
    expect(unpackArtefact(packed)).toEqual(artefact);
    const shared = new Uint8Array(new SharedArrayBuffer(packed.length + 7), 5, packed.length);
    shared.set(packed);
    expect(unpackArtefact(shared)).toEqual(artefact);
    expect(readManifest(packed)).toMatchObject({ hash: artefact.hash, manifest });
  });

  test("is named by all of its content", () => {
    const hashes = [
      artefact,
      makeArtefact({ manifest, driver: artefact.driver, executor: "1" }),
      makeArtefact({ manifest, driver: "", executor: artefact.driver }),
      makeArtefact({ manifest: { ...manifest, functions: 4 }, driver: artefact.driver, executor: "" }),
    ].map(({ hash }) => hash);
    expect(new Set(hashes).size).toBe(4);
  });

  test("is refused if truncated, altered or foreign, at any place", () => {
    const packed = packArtefact(artefact);
    for (let length = 0; length < packed.length; length++) {
      expect(() => unpackArtefact(packed.slice(0, length))).toThrow("[ARTEFACT_CORRUPT]");
    }
    for (let at = 0; at < packed.length; at++) {
      const altered = packed.slice();
      altered[at] = (altered[at] ?? 0) ^ 0x01;
      const result = attempt(() => unpackArtefact(altered));
      // A flipped bit in the header of gzip or in unused bytes has no effect.
      if (result instanceof Error) expect(result.message).toMatch(/^\[ARTEFACT_(CORRUPT|VERSION)\]/);
      else expect(result).toEqual(artefact);
    }
    expect(() => unpackArtefact(Buffer.from("#!/bin/sh\nrm -rf /\n"))).toThrow("[ARTEFACT_CORRUPT]");
  });
});

test("the error names the problem in the head of a bundled job", () => {
  const packed = Buffer.from(packArtefact(artefact));
  const head = packed.toString("utf8", 12, 12 + packed.readUInt32LE(8));
  const withHead = (text: string): Buffer => {
    const bytes = Buffer.from(text);
    const prefix = Buffer.from(packed.subarray(0, 12));
    prefix.writeUInt32LE(bytes.length, 8);
    return Buffer.concat([prefix, bytes, packed.subarray(12 + Buffer.byteLength(head))]);
  };
  expect(() => unpackArtefact(withHead(head))).not.toThrow();
  expect(() => unpackArtefact(withHead("{"))).toThrow("its head is not JSON");
  expect(() => unpackArtefact(withHead("7"))).toThrow("in its head, all: ");
  expect(() => unpackArtefact(withHead(head.replace('"functions":', '"f":')))).toThrow(
    "in its head, manifest.functions: ",
  );
  expect(() => unpackArtefact(withHead(head.replace('"hash":"', '"hash":"../')))).toThrow("hash: want 64 hex digits");
});

function attempt(read: () => unknown): unknown {
  try {
    return read();
  } catch (error) {
    return error;
  }
}
