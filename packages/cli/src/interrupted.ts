/** The user pressed Ctrl-C: nothing to explain, the process ends with 130. */
export class Interrupted extends Error {
  override readonly name = "Interrupted";
}
