import js from "@eslint/js";
import tseslint from "typescript-eslint";
import { numberOfUnknown } from "./scripts/lint/numberOfUnknown.mjs";

export default tseslint.config(
  { ignores: ["dist/", ".tools/", "test/fixtures/"] },
  js.configs.recommended,
  {
    files: ["**/*.ts"],
    extends: [tseslint.configs.recommendedTypeChecked],
    languageOptions: { parserOptions: { project: "./tsconfig.json" } },
    rules: {
      "@typescript-eslint/consistent-type-imports": "error",
      "@typescript-eslint/no-explicit-any": "error",
      "@typescript-eslint/no-non-null-assertion": "error",
      "@typescript-eslint/switch-exhaustiveness-check": "error",
      "@typescript-eslint/no-unused-vars": ["error", { argsIgnorePattern: "^_" }],
      // node:test's test() and describe() return promises that the runner itself awaits.
      "@typescript-eslint/no-floating-promises": [
        "error",
        {
          allowForKnownSafeCalls: [
            { from: "package", package: "node:test", name: ["test", "it", "describe", "suite"] },
          ],
        },
      ],
      "@typescript-eslint/require-await": "off",
      eqeqeq: "error",
    },
  },
  {
    // What a peer sent may be an object whose toString is no function: String and Number throw for it.
    files: ["src/**/*.ts"],
    plugins: { own: { rules: { "number-of-unknown": numberOfUnknown } } },
    rules: {
      "@typescript-eslint/no-base-to-string": ["error", { checkUnknown: true }],
      "own/number-of-unknown": "error",
    },
  },
  {
    files: ["**/*.mjs", "**/*.cjs", "**/*.js"],
    languageOptions: {
      globals: {
        process: "readonly",
        console: "readonly",
        Buffer: "readonly",
        URL: "readonly",
        setTimeout: "readonly",
        clearTimeout: "readonly",
        fetch: "readonly",
        require: "readonly",
        module: "readonly",
      },
    },
  },
);
