import ts from "typescript";

/** A lint rule: `Number(value)` of a value whose type is not known. `asNumber` in src/common/values.ts never throws. */
export const numberOfUnknown = {
  meta: {
    type: "problem",
    schema: [],
    messages: { unknown: "Number() may throw for what a peer sent. Use asNumber of common/values.ts." },
  },
  create(context) {
    const { program, esTreeNodeToTSNodeMap } = context.sourceCode.parserServices;
    return {
      "CallExpression[callee.name='Number']"(node) {
        const [value] = node.arguments;
        if (value === undefined) return;
        const type = program.getTypeChecker().getTypeAtLocation(esTreeNodeToTSNodeMap.get(value));
        if ((type.flags & (ts.TypeFlags.Unknown | ts.TypeFlags.Any)) !== 0)
          context.report({ node, messageId: "unknown" });
      },
    };
  },
};
