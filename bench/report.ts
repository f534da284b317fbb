/** One table of results: raw numbers for `--json`, words for people. */
export interface Table {
  readonly name: string;
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly (string | number)[])[];
  /** What the issue wants of it, and how it stands. */
  readonly aims: readonly Aim[];
}

interface Aim {
  readonly text: string;
  readonly limit: number;
  readonly measured: number;
}

export const MIB = 1024 * 1024;

/** Three digits that matter. */
export function digits(value: number): string {
  if (!Number.isFinite(value)) return "";
  const places = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  return value.toFixed(places).replace(/\B(?=(\d{3})+$)/g, places === 0 ? "," : "");
}

/** Markdown, aligned so that it also reads well in a terminal. */
export function formatTable({ title, columns, rows, aims }: Table): string {
  const cells = [columns, ...rows].map((row) =>
    row.map((cell) => (typeof cell === "number" ? digits(cell) : cell)),
  );
  const widths = columns.map((_, i) => Math.max(3, ...cells.map((row) => row[i]?.length ?? 0)));
  const line = (row: readonly string[]) =>
    `| ${widths.map((width, i) => (i === 0 ? (row[i] ?? "").padEnd(width) : (row[i] ?? "").padStart(width))).join(" | ")} |`;
  const rule = widths.map((width, i) => (i === 0 ? "-".repeat(width) : `${"-".repeat(width - 1)}:`));
  const [head = [], ...body] = cells;
  const verdicts = aims.map(
    ({ text, limit, measured }) =>
      `- Aim: ${text}. Measured: ${digits(measured)}, ${measured <= limit ? "met" : "MISSED"}.`,
  );
  return [`### ${title}`, "", line(head), line(rule), ...body.map(line), "", ...verdicts, ""].join("\n");
}
