import type { Access } from "../../src/common/access.ts";
import type { AppError } from "../../src/common/errors.ts";
import type { AdmissionWait, ClaimedIdentity, DecideAdmission } from "../../src/host/admissionPrompt.ts";
import { Mailbox } from "./mailbox.ts";

/** One question to the host whether a guest may join, for the test to answer. */
export interface Question {
  readonly from: ClaimedIdentity;
  readonly wait: AdmissionWait;
  readonly allow: (access: Access) => void;
  readonly deny: (error: unknown) => void;
  /** Resolves with the reason when there is nothing to decide any more. */
  readonly withdrawn: Promise<AppError>;
}

/** A host who is asked. */
export class Questions {
  readonly #box = new Mailbox<Question>();
  /** How many there were. */
  asked = 0;

  readonly admit: DecideAdmission = (from, wait) =>
    new Promise((resolve, reject) => {
      this.asked++;
      const { signal } = wait;
      const withdrawn = new Promise<AppError>((done) =>
        signal.addEventListener("abort", () => done(signal.reason as AppError), { once: true }),
      );
      this.#box.put({ from, wait, allow: resolve, deny: reject, withdrawn });
    });

  next(): Promise<Question> {
    return this.#box.take(() => true, "a question to the host");
  }
}
