import { before, describe } from "node:test";
import { buildCli } from "../integration/cli/cli.ts";
import { BINDINGS, bindingCases, noIPv6 } from "../integration/cli/ipVersionCases.ts";

before(buildCli);

describe("addresses and IP versions", { skip: noIPv6, timeout: 120_000 }, () =>
  bindingCases(BINDINGS.others),
);
