import type { BrowserContext, Locator } from "playwright-core";

// Functions that are passed to `evaluateAll` run in the page. The DOM's types have no place in a program for Node;
// this is what we need of them.
export interface PageElement {
  readonly textContent: string;
  readonly classList: Iterable<string>;
  readonly dataset: Readonly<Record<string, string | undefined>>;
  readonly style: { readonly top: string };
  getAttribute(name: string): string | null;
  getClientRects(): { readonly length: number };
  getBoundingClientRect(): { readonly top: number; readonly height: number };
  querySelectorAll(selector: string): Iterable<PageElement>;
}

/** tsx compiles functions so that they call this helper; in a page there is none. */
export async function allowFunctions(context: BrowserContext): Promise<void> {
  await context.addInitScript({ content: "globalThis.__name = (f) => f;" });
}

/**
 * What to read of an element: "SELECTOR" is the text of the first descendant that matches and is on the screen,
 * "@NAME" an attribute of the element itself, "SELECTOR@NAME" one of that descendant, "" the element's own text.
 */
type Parts = Readonly<Record<string, string>>;

/**
 * Reads all elements that are on the screen at one moment, without waiting; "" stands for what is not there. Lists
 * re-use their elements: the order is that of the list, not of the document.
 */
export async function read<P extends Parts>(
  locator: Locator,
  parts: P,
): Promise<{ readonly [K in keyof P]: string }[]> {
  const rows: Record<string, string>[] = await locator.evaluateAll(readInPage, parts);
  return rows as { readonly [K in keyof P]: string }[];
}

/** One part of the first element; "" if there is none. */
export async function readOne(locator: Locator, part = ""): Promise<string> {
  const [first] = await read(locator, { part });
  return first?.part ?? "";
}

function readInPage(elements: readonly PageElement[], parts: Parts): Record<string, string>[] {
  const shown = (element: PageElement) => element.getClientRects().length > 0;
  const position = (element: PageElement) => Number(element.dataset["index"] ?? 0);
  const readPart = (element: PageElement, part: string) => {
    const [selector = "", attribute] = part.split("@");
    const found = selector === "" ? element : [...element.querySelectorAll(selector)].find(shown);
    const text = attribute === undefined ? found?.textContent : found?.getAttribute(attribute);
    return (text ?? "").replace(/\s+/g, " ").trim();
  };
  return elements
    .filter(shown)
    .sort((one, other) => position(one) - position(other))
    .map((element) =>
      Object.fromEntries(Object.entries(parts).map(([name, part]) => [name, readPart(element, part)])),
    );
}
