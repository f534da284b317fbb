import type { Client } from "./client.ts";

/** After its first answer following `initialized`, a client that never sends `configurationDone` gets its snapshot. */
const CONFIGURATION_MS = 250;
/** The same for a client that sends nothing at all. */
const SILENT_CONFIGURATION_MS = 2_000;

interface Configuration {
  /** Absent before `initialized`. */
  readonly timer: NodeJS.Timeout | undefined;
  /** Whether the client was answered anything since `initialized`. */
  readonly answered: boolean;
}

/** Who has joined and not yet completed its configuration, and until when that is waited for. */
export class ClientStartup {
  readonly #configurations = new Map<Client, Configuration>();
  readonly #onComplete: (client: Client) => void;

  /** `onComplete` is called once for each client, unless it goes first. */
  constructor(onComplete: (client: Client) => void) {
    this.#onComplete = onComplete;
  }

  get clients(): Client[] {
    return [...this.#configurations.keys()];
  }

  has(client: Client): boolean {
    return this.#configurations.has(client);
  }

  add(client: Client): void {
    this.#configurations.set(client, { timer: undefined, answered: false });
  }

  /** Its configuration may begin. False if it has begun before. */
  begin(client: Client): boolean {
    if (this.#configurations.get(client)?.timer !== undefined) return false;
    this.#configurations.set(client, {
      timer: this.#timer(client, SILENT_CONFIGURATION_MS),
      answered: false,
    });
    return true;
  }

  /** The first answer after `initialized` brings a client nearer to its snapshot. */
  answered(client: Client): void {
    const configuration = this.#configurations.get(client);
    if (configuration?.timer === undefined || configuration.answered) return;
    clearTimeout(configuration.timer);
    this.#configurations.set(client, { timer: this.#timer(client, CONFIGURATION_MS), answered: true });
  }

  complete(client: Client): void {
    if (this.forget(client)) this.#onComplete(client);
  }

  /** False if the client was not joining. */
  forget(client: Client): boolean {
    clearTimeout(this.#configurations.get(client)?.timer);
    return this.#configurations.delete(client);
  }

  #timer(client: Client, ms: number): NodeJS.Timeout {
    return setTimeout(() => this.complete(client), ms);
  }
}
