import * as vscode from "vscode";
import { DisposableStore } from "../../common/disposable.ts";
import { sanitize } from "../../common/sanitize.ts";
import type { GuestLink } from "../../link/guestLink.ts";

/** Shows that a broken connection is being restored, for as long as that takes; to cancel it is to leave. */
export function showReconnecting(link: GuestLink, name: string): void {
  link.connection.onAway(({ message }) => {
    void vscode.window.withProgress(
      {
        location: vscode.ProgressLocation.Notification,
        title: sanitize(`Reconnecting to ${name}`),
        cancellable: true,
      },
      (progress, cancelled) => {
        progress.report({ message: sanitize(message) });
        return new Promise<void>((resolve) => {
          const store = new DisposableStore();
          const done = () => {
            store.dispose();
            resolve();
          };
          store.add(link.connection.onBack(done));
          store.add(link.onClose(done));
          store.add(cancelled.onCancellationRequested(() => link.close()));
        });
      },
    );
  });
}
