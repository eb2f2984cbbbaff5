/** The user pressed Ctrl-C: no explanation, exit code 130. */
export class Interrupted extends Error {
  override readonly name = "Interrupted";
}
