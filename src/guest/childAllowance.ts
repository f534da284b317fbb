import { AppError } from "../common/errors.ts";
import { LIMITS } from "../common/limits.ts";

/**
 * How many child sessions the editor of one guest is asked to open, in all sessions of its link together: a host must not
 * open windows without end.
 */
export class ChildAllowance {
  #underWay = 0;
  #taken = 0;

  /** Takes one, until `answered`. Returns an AppError if there is none left. */
  take(): AppError | undefined {
    if (this.#underWay >= LIMITS.childrenUnderWay)
      return new AppError("busy", `The editor is opening ${this.#underWay} child sessions already.`);
    if (this.#taken >= LIMITS.children)
      return new AppError("busy", `The editor has opened ${this.#taken} child sessions, and opens no more.`, {
        hint: "The guest may join anew.",
      });
    this.#underWay++;
    this.#taken++;
    return undefined;
  }

  /** The editor has answered one, or never will. */
  answered(): void {
    this.#underWay--;
  }
}
