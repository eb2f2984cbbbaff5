import { epochMs } from "@millrace/base";
import type { LeaseRecord } from "@millrace/plan";
import * as v from "valibot";

/** docs/formats/lease.md describes it for programs of others. */
const FORMAT = 1;

const time = v.pipe(v.number(), v.integer(), v.transform(epochMs));
const schema: v.GenericSchema<unknown, LeaseRecord & { readonly format: 1 }> = v.object({
  format: v.literal(FORMAT),
  epoch: v.pipe(v.number(), v.integer(), v.minValue(1)),
  owner: v.object({
    what: v.string(),
    process: v.object({ host: v.string(), machine: v.string(), pid: v.number(), start: v.string() }),
    token: v.string(),
  }),
  since: time,
  renewed: time,
  leaseMs: v.pipe(v.number(), v.minValue(0)),
  released: v.boolean(),
});

export function encodeLease(record: LeaseRecord): Uint8Array {
  return Buffer.from(`${JSON.stringify({ format: FORMAT, ...record }, undefined, 2)}\n`);
}

/** @returns `undefined`: it is not a record, or one of a newer format. */
export function decodeLease(bytes: Uint8Array): LeaseRecord | undefined {
  let json: unknown;
  try {
    json = JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("utf8"));
  } catch {
    return undefined;
  }
  const result = v.safeParse(schema, json);
  if (!result.success) return undefined;
  const { format: _, ...record } = result.output;
  return record;
}
