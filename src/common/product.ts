declare const __VERSION__: string | undefined;

/** The program's name and version; the bundler puts the version in (esbuild.mjs). */
export const PRODUCT = {
  name: "Debug Server",
  version: typeof __VERSION__ === "string" ? __VERSION__ : "0.0.0-source",
} as const;
