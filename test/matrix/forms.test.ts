import { describe } from "node:test";
import { FORMS, formCases } from "../integration/cli/formCases.ts";

describe("every form of connection string", { timeout: 300_000 }, () => formCases(FORMS.others));
