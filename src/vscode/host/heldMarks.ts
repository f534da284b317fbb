import * as vscode from "vscode";
import { type Disposable, DisposableStore } from "../../common/disposable.ts";
import type { App } from "../app.ts";
import { heldMark } from "../views/heldRows.ts";
import { asNumber } from "../../common/values.ts";

/** Marks the lines of guests' breakpoints that are not among VS Code's own. */
export function markHeld({ guests, serving }: Pick<App, "guests" | "serving">): Disposable {
  const store = new DisposableStore();
  const type = store.add(
    vscode.window.createTextEditorDecorationType({
      isWholeLine: true,
      overviewRulerColor: new vscode.ThemeColor("debugIcon.breakpointForeground"),
      overviewRulerLane: vscode.OverviewRulerLane.Left,
      after: { margin: "0 0 0 2em", color: new vscode.ThemeColor("editorCodeLens.foreground") },
    }),
  );
  const show = () => {
    const held = guests.held();
    for (const editor of vscode.window.visibleTextEditors) {
      const key = editor.document.uri.toString();
      const here = held.filter((each) => each.key === key);
      editor.setDecorations(
        type,
        here.flatMap((each) => {
          const line = asNumber(each.spec.line) - 1;
          if (!(line >= 0 && line < editor.document.lineCount)) return [];
          const session = serving.servable.find(({ id }) => id === each.tree);
          const { brief, full } = heldMark(session, each);
          return [
            {
              range: editor.document.lineAt(line).range,
              hoverMessage: new vscode.MarkdownString().appendText(full),
              renderOptions: { after: { contentText: `● ${brief}` } },
            },
          ];
        }),
      );
    }
  };
  store.add(guests.onChanged(show));
  store.add(vscode.window.onDidChangeVisibleTextEditors(show));
  return store;
}
