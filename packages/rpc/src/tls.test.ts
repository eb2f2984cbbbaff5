import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { readTls, serverCertificate, type TlsFiles } from "./tls.ts";

const at = (name: string): string => fileURLToPath(new URL(`../testdata/tls/${name}`, import.meta.url));
const ca = { file: at("ours-ca.pem"), option: "--tls-ca" };
const cert = { file: at("process.pem"), option: "--tls-cert" };
const key = { file: at("process.key"), option: "MILLRACE_TLS_KEY" };

describe("the files of TLS", () => {
  test("are read unchanged; without any, TLS is off", () => {
    expect(readTls({})).toBeUndefined();
    expect(readTls({ ca })).toEqual({ ca: expect.stringContaining("BEGIN CERTIFICATE") });
    const settings = readTls({ cert, key });
    expect(settings).toEqual({
      cert: expect.stringContaining("BEGIN CERTIFICATE"),
      key: expect.stringContaining("BEGIN PRIVATE KEY"),
    });
    expect(serverCertificate(settings ?? {})).toEqual(settings);
  });

  const absent = { ...ca, file: at("absent.pem") };
  const encrypted = { ...key, file: at("README.md") };
  test.each<[string, TlsFiles, RegExp]>([
    ["that is not there", { ca: absent }, /absent\.pem of --tls-ca could not be read: ENOENT/],
    [
      "without a certificate",
      { ca: { ...ca, file: key.file } },
      /process\.key of --tls-ca has no certificate in PEM form/,
    ],
    ["without a key", { cert, key: encrypted }, /README\.md of MILLRACE_TLS_KEY has no unencrypted private key/],
    ["of a certificate alone", { cert }, /given a certificate but no key.*Give both/],
    ["of a key alone", { ca, key }, /given a key but no certificate.*Give both/],
    [
      "of another certificate's key",
      { cert: ca, key },
      /key in .*process\.key does not belong to the certificate in .*ours-ca/,
    ],
  ])("%s are refused by name, with the remedy", (_, files, message) => {
    expect(() => readTls(files)).toThrow(/^\[BAD_TLS\]/);
    expect(() => readTls(files)).toThrow(message);
  });

  test("must include a certificate for a process that listens", () => {
    expect(() => serverCertificate({ ca: "…" })).toThrow(/\[BAD_TLS\].*--tls-cert and --tls-key/);
  });
});
