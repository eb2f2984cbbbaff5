import type { Deed } from "./fault.ts";

export type Refusal = Extract<Deed, { readonly kind: "refuse" }>;

/** Half of what is written is there when the disk is full. */
export const FULL: Refusal = { kind: "refuse", code: "ENOSPC", calls: 1, partly: true };
export const READ_ONLY: Refusal = { kind: "refuse", code: "EROFS", calls: 1 };
