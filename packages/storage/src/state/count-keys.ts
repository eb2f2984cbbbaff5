import { KeyMap } from "@millrace/codec";
import type { StateVersion } from "@millrace/plan";
import type { StatePartition } from "./file-names.ts";
import type { StateRows } from "./rows.ts";
import type { StateFiles } from "./state-files.ts";
import type { OnDamage, RowsTaker } from "./walk.ts";

/**
 * The number of keys that a version of a partition has. Reads all of its files, and so finds damaged ones.
 *
 * @throws STATE_DELTA_MISSING, STATE_DELTA_CORRUPT, STATE_DELTA_FOREIGN, and the errors of the file system
 */
export async function countKeys(
  files: StateFiles,
  of: StatePartition,
  head: StateVersion,
  onDamage: OnDamage,
): Promise<number> {
  const counter = new KeyCounter();
  const opened = await files.open(of, head, counter);
  await files.take(opened, opened.pieces, counter, onDamage);
  return counter.keys;
}

class KeyCounter implements RowsTaker {
  readonly #seen = new KeyMap<unknown, true>();
  keys = 0;

  take({ rows, keys, groups, removals }: StateRows, wants: (group: number) => boolean): void {
    for (let at = 0; at < rows; at++) {
      const key = keys[at];
      if (!wants(groups[at] ?? 0) || this.#seen.has(key)) continue;
      this.#seen.set(key, true);
      if (!removals) this.keys += 1;
    }
  }
}
