interface Step {
  readonly run: () => void;
  ready: boolean;
}

export interface OrderedQueueOptions {
  /** Whether the next step may be taken now; if it said no, `go` is to be called later. */
  readonly mayRun?: () => boolean;
  /** Nothing waits any more. */
  readonly onIdle?: () => void;
}

/** Runs steps in the order in which they were added, each as soon as what it waits for is there, or at once. */
export class OrderedQueue {
  readonly #steps: Step[] = [];
  readonly #options: OrderedQueueOptions;
  #running = false;

  constructor(options: OrderedQueueOptions = {}) {
    this.#options = options;
  }

  /** Whether a step waits. */
  get busy(): boolean {
    return this.#steps.length > 0;
  }

  add(run: () => void, until?: Promise<unknown>): void {
    const step: Step = { run, ready: until === undefined };
    this.#steps.push(step);
    const ready = () => {
      step.ready = true;
      this.go();
    };
    if (until === undefined) this.go();
    else until.then(ready, ready);
  }

  /** Waits no longer for what the steps so far wait for. */
  hurry(): void {
    for (const step of this.#steps) step.ready = true;
    this.go();
  }

  go(): void {
    // A step that adds another must not run it inside itself.
    if (this.#running) return;
    this.#running = true;
    try {
      for (let next = this.#steps[0]; next?.ready === true && this.#mayRun; next = this.#steps[0]) {
        this.#steps.shift();
        next.run();
      }
    } finally {
      this.#running = false;
    }
    if (!this.busy) this.#options.onIdle?.();
  }

  get #mayRun(): boolean {
    return this.#options.mayRun?.() !== false;
  }
}
