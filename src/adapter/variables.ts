import type { DebugProtocol } from "@vscode/debugprotocol";
import { AppError } from "../common/errors.ts";
import type { CallFrame, PropertyDescriptor, RemoteObject, Scope } from "./cdp.ts";
import { SUPPORT_SYMBOL } from "./conditions.ts";
import { errorLine, formatValue, listLength, typeName } from "./format.ts";
import type { Handles } from "./handles.ts";
import { type Inspector, OBJECT_GROUP } from "./inspector.ts";
import { currentValues } from "./scopeValues.ts";
import { asText } from "../common/values.ts";

/** Lists with more elements than this are offered to the client in pages. */
const PAGED_FROM = 100;
/** What a client gets that asks for all of a long list at once. */
const MAX_UNPAGED = 10_000;

const NONE: ReadonlyMap<string, RemoteObject> = new Map();

/** Something with children. `expression` is how the program's own code would call it, where that is possible. */
export type Container =
  | { kind: "scope"; objectId: string; frame: CallFrame; number: number; scope: Scope }
  | {
      kind: "object";
      objectId: string;
      receiver: string;
      length?: number;
      frame?: CallFrame;
      expression?: string;
    }
  | { kind: "getter"; receiver: string; name: string; frame?: CallFrame; expression?: string };

/** Which children: `indexed` elements or `named` properties or both, and which of them. */
export interface Page {
  filter: "indexed" | "named" | undefined;
  start: number;
  /** 0: all. */
  count: number;
}

interface Child {
  name: string;
  value: RemoteObject;
  expression?: string;
  readOnly?: boolean;
  visibility?: "public" | "private" | "internal";
  /** Whose accessors are called with which `this`: for prototypes, the object that inherits. */
  receiver?: string;
}

/** The children of one container. */
export class VariableReader {
  readonly #inspector: Inspector;
  readonly #containers: Handles<Container>;
  /** Whether something of ours may have changed variables since the program stopped. */
  changed = false;

  constructor(inspector: Inspector, containers: Handles<Container>) {
    this.#inspector = inspector;
    this.#containers = containers;
  }

  async read(container: Container, page: Page): Promise<DebugProtocol.Variable[]> {
    switch (container.kind) {
      case "getter":
        return [await this.#readGetter(container)];
      case "scope":
        return slice(await this.#readScope(container), page);
      case "object":
        return this.#readObject(container, page);
    }
  }

  async #readScope(container: Extract<Container, { kind: "scope" }>): Promise<DebugProtocol.Variable[]> {
    const { frame, scope, objectId } = container;
    const extra: DebugProtocol.Variable[] = [];
    if (scope.type === "local") {
      if (frame.returnValue !== undefined) {
        extra.push(
          this.#toVariable({ name: "Return value", value: frame.returnValue, readOnly: true }, frame),
        );
      }
      extra.push(this.#toVariable({ name: "this", value: frame.this, expression: "this" }, frame));
    }
    const values = this.changed ? await currentValues(this.#inspector, frame, container.number) : NONE;
    const variables = await this.#properties({ kind: "object", objectId, receiver: objectId, frame }, values);
    return [...extra, ...variables];
  }

  async #readObject(
    container: Extract<Container, { kind: "object" }>,
    page: Page,
  ): Promise<DebugProtocol.Variable[]> {
    const { length } = container;
    if (length === undefined || length <= PAGED_FROM) {
      return page.filter === "indexed" ? [] : slice(await this.#properties(container), page);
    }
    if (page.filter === "indexed") return this.#elements(container, page.start, page.count || length);
    const named = await this.#properties(container, undefined, true);
    if (page.filter === "named") return slice(named, page);
    const shown = Math.min(length, MAX_UNPAGED);
    const all = [...(await this.#elements(container, 0, shown)), ...named];
    if (shown < length) {
      all.push({ name: "…", value: `${length - shown} more, which need paging`, variablesReference: 0 });
    }
    return slice(all, page);
  }

  async #elements(
    container: Extract<Container, { kind: "object" }>,
    start: number,
    count: number,
  ): Promise<DebugProtocol.Variable[]> {
    // Holes stay holes. The copy has the elements as properties of an object without a prototype.
    const { result } = await this.#inspector.send("Runtime.callFunctionOn", {
      objectId: container.objectId,
      functionDeclaration: `function (start, end) {
        const copy = Object.create(null);
        for (let i = start; i < end; i++) if (i in this) copy[i] = this[i];
        return copy;
      }`,
      arguments: [{ value: start }, { value: Math.min(start + count, container.length ?? 0) }],
      objectGroup: OBJECT_GROUP,
      silent: true,
    });
    if (result.objectId === undefined) throw new AppError("adapterFailed", "The elements cannot be read.");
    const copy: Container = { ...container, objectId: result.objectId };
    return (await this.#properties(copy)).filter((variable) => /^\d+$/.test(variable.name));
  }

  /** With `scopeValues` the object is a scope's, and these values are newer than its own. */
  async #properties(
    container: Extract<Container, { kind: "object" }>,
    scopeValues?: ReadonlyMap<string, RemoteObject>,
    withoutElements = false,
  ): Promise<DebugProtocol.Variable[]> {
    const { objectId, receiver, frame, expression } = container;
    const { result, internalProperties, privateProperties } = await this.#inspector.send(
      "Runtime.getProperties",
      {
        objectId,
        ownProperties: true,
        generatePreview: true,
        nonIndexedPropertiesOnly: withoutElements,
      },
    );
    const isScope = scopeValues !== undefined;
    const path = (name: string, isSymbol = false) =>
      isSymbol ? undefined : isScope ? name : childExpression(expression, name);
    const variables: DebugProtocol.Variable[] = [];
    for (const property of result) {
      const { name } = property;
      const value = scopeValues?.get(name) ?? property.value;
      // V8 returns what would be inherited, too, and the adapter's own traces are not shown.
      if (property.isOwn === false || name === `Symbol(${SUPPORT_SYMBOL})`) continue;
      const childPath = path(name, property.symbol !== undefined);
      if (value === undefined) variables.push(...this.#accessor(property, receiver, frame, childPath));
      else {
        const readOnly = property.writable === false;
        const visibility = property.enumerable === false ? "internal" : undefined;
        variables.push(this.#toVariable({ name, value, expression: childPath, readOnly, visibility }, frame));
      }
    }
    for (const { name, value } of privateProperties ?? []) {
      if (value !== undefined) {
        const child = { name, value, expression: path(name), visibility: "private" } as const;
        variables.push(this.#toVariable(child, frame));
      }
    }
    if (isScope) return variables;
    for (const { name, value } of internalProperties ?? []) {
      if (value === undefined) continue;
      const inherited = name === "[[Prototype]]" ? receiver : undefined;
      const child: Child = { name, value, readOnly: true, visibility: "internal", receiver: inherited };
      variables.push(this.#toVariable(child, frame));
    }
    return variables;
  }

  #accessor(
    property: PropertyDescriptor,
    receiver: string,
    frame: CallFrame | undefined,
    expression: string | undefined,
  ): DebugProtocol.Variable[] {
    const { name } = property;
    if (property.get === undefined || property.get.type === "undefined") return [];
    // The program's code runs only if the client asks for the value.
    const reference = this.#containers.create({ kind: "getter", receiver, name, frame, expression });
    return [
      {
        name,
        value: "(...)",
        variablesReference: reference,
        evaluateName: expression,
        presentationHint: { kind: "property", lazy: true },
      },
    ];
  }

  async #readGetter(container: Extract<Container, { kind: "getter" }>): Promise<DebugProtocol.Variable> {
    const { result, exceptionDetails } = await this.#inspector.send("Runtime.callFunctionOn", {
      objectId: container.receiver,
      functionDeclaration: "function (name) { return this[name]; }",
      arguments: [{ value: container.name }],
      objectGroup: OBJECT_GROUP,
      generatePreview: true,
      silent: true,
    });
    if (exceptionDetails !== undefined) {
      const value = `threw ${errorLine(result.description ?? asText(result.value))}`;
      return { name: "", value, variablesReference: 0 };
    }
    return this.#toVariable({ name: "", value: result, expression: container.expression }, container.frame);
  }

  #toVariable(child: Child, frame: CallFrame | undefined): DebugProtocol.Variable {
    const { name, value, expression, readOnly, visibility } = child;
    const attributes = readOnly === true ? ["readOnly"] : undefined;
    const kind = value.type === "function" ? "method" : value.type === "object" ? "class" : "data";
    return {
      name,
      ...this.describe(value, { frame, expression, receiver: child.receiver }),
      evaluateName: expression,
      presentationHint: { kind: name.startsWith("[[") ? "virtual" : kind, attributes, visibility },
    };
  }

  /** Value, type and, for what has children, a reference and their number: as variables and results need it. */
  describe(
    value: RemoteObject,
    from: { frame?: CallFrame; expression?: string; receiver?: string; whole?: boolean } = {},
  ): {
    value: string;
    type: string;
    variablesReference: number;
    indexedVariables?: number;
    namedVariables?: number;
  } {
    const described = { value: formatValue(value, from.whole), type: typeName(value) };
    const { objectId } = value;
    if (objectId === undefined || value.type === "symbol") return { ...described, variablesReference: 0 };
    const length = listLength(value);
    const { frame, expression } = from;
    const receiver = from.receiver ?? objectId;
    const variablesReference = this.#containers.create({
      kind: "object",
      objectId,
      receiver,
      length,
      frame,
      expression,
    });
    if (length === undefined || length <= PAGED_FROM) return { ...described, variablesReference };
    // Besides the elements there are `length` and the prototype; how many more is not worth another question.
    return { ...described, variablesReference, indexedVariables: length, namedVariables: 2 };
  }
}

function slice(variables: DebugProtocol.Variable[], { start, count }: Page): DebugProtocol.Variable[] {
  return variables.slice(start, count === 0 ? undefined : start + count);
}

function childExpression(parent: string | undefined, name: string): string | undefined {
  if (parent === undefined) return undefined;
  if (/^#?[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(name)) return `${parent}.${name}`;
  return /^\d+$/.test(name) ? `${parent}[${name}]` : `${parent}[${JSON.stringify(name)}]`;
}
