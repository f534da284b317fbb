import { frontPython } from "./support/frontPython.ts";

frontPython(false);
