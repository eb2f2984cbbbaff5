import { describe, expect, test } from "vitest";
import { settingsOf } from "./options.ts";

describe("without options", () => {
  test("all is as on AWS: the SDK finds region and credentials, and the bucket is in the host's name", () => {
    expect(settingsOf({}, {})).toMatchObject({ endpoint: undefined, region: undefined, forcePathStyle: false });
  });

  test("an endpoint of the environment has the bucket in its path, and a region", () => {
    const env = { AWS_ENDPOINT_URL_S3: "http://store:9000" };
    expect(settingsOf({}, env)).toMatchObject({ region: "us-east-1", forcePathStyle: true });
    expect(settingsOf({}, { ...env, MILLRACE_S3_FORCE_PATH_STYLE: "false", AWS_REGION: "eu-1" })).toMatchObject({
      region: "eu-1",
      forcePathStyle: false,
    });
  });
});

describe("options", () => {
  test("come before the environment", () => {
    const env = { AWS_REGION: "us-west-2", MILLRACE_S3_FORCE_PATH_STYLE: "true" };
    const given = { endpoint: "https://store", region: "eu-1", forcePathStyle: false, patienceMs: 0 };
    expect(settingsOf(given, env)).toMatchObject(given);
  });

  test("that are wrong are all named, and their values are not", () => {
    const wrong = { endpoint: "ftp://secret", region: "", attempts: 3, partBytes: 1.5 } as object;
    const call = () => settingsOf(wrong, { MILLRACE_S3_FORCE_PATH_STYLE: "yes" });
    expect(call).toThrow(
      /\[FILE_SYSTEM_REFUSED\].*endpoint.*region.*partBytes.*attempts.*MILLRACE_S3_FORCE_PATH_STYLE/,
    );
    expect(call).not.toThrow("secret");
  });
});
