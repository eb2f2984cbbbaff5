import { assert } from "@millrace/base";
import { KEY_GROUPS } from "@millrace/codec";
import type { GroupRange, OnDamage, OpenedPartition, Piece, RowsTaker, StateFiles } from "@millrace/storage";

export interface UnreadPiecesOptions {
  readonly files: StateFiles;
  readonly opened: OpenedPartition;
  readonly taker: RowsTaker;
  readonly onDamage: OnDamage;
  /** Called when there are keys more. */
  readonly onRead: () => void;
  /** Called once, when everything has been read. */
  readonly onEnd: () => void;
  /** Resolves when it is the turn of what is read behind. */
  readonly idle: () => Promise<void>;
}

const READ = 0;

/**
 * The slices of a partition that have not been read yet. A task reads those that its keys fall into, in calls that block; the
 * others are read behind, one after the other.
 */
export class UnreadPieces {
  readonly #options: UnreadPiecesOptions;
  readonly #pieces: readonly Piece[];
  /** By key group: one more than the number of its piece, or `READ`. */
  readonly #numbers = new Uint16Array(KEY_GROUPS);
  readonly #taker: RowsTaker;
  #left: number;
  #stopped = false;

  constructor(options: UnreadPiecesOptions) {
    this.#options = options;
    this.#pieces = options.opened.pieces;
    this.#left = this.#pieces.length;
    this.#pieces.forEach(({ first, last }, at) => {
      this.#numbers.fill(at + 1, first, last + 1);
    });
    // While a file is read behind, a task may have read it, and its keys may have been forgotten since.
    this.#taker = {
      take: (rows, wants) => options.taker.take(rows, (group) => this.#numbers[group] !== READ && wants(group)),
    };
  }

  /** Reads the piece of a key group. @throws The errors of `StateFiles.open` */
  read(group: number): void {
    const number = this.#numbers[group] ?? READ;
    if (number !== READ) this.#readNow(number - 1);
  }

  /** @throws The errors of `StateFiles.open` */
  readAll(): void {
    for (let at = 0; at < this.#pieces.length; at++) if (this.#isUnread(at)) this.#readNow(at);
  }

  /** True if keys of these groups are missing. */
  overlaps({ first, last }: GroupRange): boolean {
    return this.#numbers.subarray(first, last + 1).some((number) => number !== READ);
  }

  /** Reads everything that no task has needed. What fails is left for the task that does. */
  async readBehind(): Promise<void> {
    const { files, opened, onDamage, idle } = this.#options;
    for (const [at, piece] of this.#pieces.entries()) {
      if (!this.#isUnread(at)) continue;
      await idle();
      if (this.#stopped) return;
      if (!this.#isUnread(at)) continue;
      try {
        await files.take(opened, [piece], this.#taker, onDamage);
      } catch {
        continue;
      }
      if (this.#stopped) return;
      if (this.#isUnread(at)) this.#done(at);
    }
  }

  /** Nothing is read behind any more. */
  stop(): void {
    this.#stopped = true;
  }

  #readNow(at: number): void {
    const { files, opened, onDamage } = this.#options;
    files.takeNow(opened, [this.#pieceAt(at)], this.#taker, onDamage);
    this.#done(at);
  }

  #done(at: number): void {
    const { first, last } = this.#pieceAt(at);
    this.#numbers.fill(READ, first, last + 1);
    this.#left -= 1;
    this.#options.onRead();
    if (this.#left === 0) this.#options.onEnd();
  }

  #isUnread(at: number): boolean {
    return this.#numbers[this.#pieceAt(at).first] === at + 1;
  }

  #pieceAt(at: number): Piece {
    const piece = this.#pieces[at];
    assert(piece !== undefined, `there is no piece ${at}`);
    return piece;
  }
}
