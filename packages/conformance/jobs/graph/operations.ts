// The operations that graphs consist of.
import type { Operation } from "./operations/operation.ts";
import { pairs } from "./operations/pairs.ts";
import { rdds } from "./operations/rdds.ts";
import { records } from "./operations/records.ts";
import { windows } from "./operations/windows.ts";

export const operations: Readonly<Record<string, Operation>> = { ...records, ...pairs, ...windows, ...rdds };
