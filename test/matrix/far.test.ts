import { before, describe } from "node:test";
import { buildCli } from "../integration/cli/cli.ts";
import { FAR_FORMS, farForms } from "../integration/farScene.ts";
import { skipWithout } from "../support/parts.ts";
import { usePki } from "../support/pki.ts";

describe(
  "far away",
  { skip: skipWithout("namespaces", "farLink"), timeout: 300_000, concurrency: true },
  () => {
    const pki = usePki();
    before(buildCli);
    farForms(FAR_FORMS.others, pki);
  },
);
