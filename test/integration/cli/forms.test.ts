import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { ClientAddress, ServerAddress } from "../../../src/address/model.ts";
import { FORM_ROWS } from "../../support/forms.ts";
import { FORMS, formCases } from "./formCases.ts";

describe("every form of connection string", { timeout: 300_000 }, () => {
  test("is in docs/CONNECTION-STRINGS.md", () => {
    const kinds = (addresses: readonly (ServerAddress | ClientAddress)[]) =>
      [...new Set(addresses.map(({ kind }) => kind))].sort();
    const all = ["com", "npipe", "spipe", "ssl", "sslReverse", "tcp", "tcpReverse"];
    assert.deepEqual(kinds(FORM_ROWS.map(({ server }) => server)), all);
    assert.deepEqual(kinds(FORM_ROWS.map(({ client }) => client)), all);
  });

  formCases(FORMS.first);
});
