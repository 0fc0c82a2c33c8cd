// The draft of a form: kept in this browser until the form has been sent, for each form on its own.
import { make, memory } from "../page/dom.js";
import { gettext } from "../page/messages.js";

const DETAILS = ["title", "author", "comment", "visibility", "expires", "burn"]; // What a draft keeps besides the files.

export class Draft {
  // `name` is where the draft is kept; `revision` is that of the paste that is edited, of whose text it is a change.
  constructor(form, files, { name, revision }) {
    this.form = form;
    this.files = files;
    this.name = name;
    this.revision = revision;
  }

  // `isSecret`: a text that is to be encrypted must not be stored as plain text.
  save({ isSecret }) {
    const files = this.files.contents;
    if (!isSecret && files.some(([, , text]) => text)) memory.set(this.name, { files, facts: this.#fields.map(valueOf), revision: this.revision });
    else memory.forget(this.name);
  }

  // Fill the form with the draft, if there is one, and offer to discard it. `onDiscard()` is called when it is discarded.
  restore({ onDiscard }) {
    const draft = memory.get(this.name);
    if (!draft || draft.revision !== this.revision) return;
    const original = this.files.contents;
    const facts = this.#fields.map(valueOf);
    this.#fill(draft.files, draft.facts);
    const clear = make("button", { type: "button", className: "plain", textContent: gettext("Start over") });
    const note = make("p", { className: "muted draft", role: "status" }, gettext("Your unsent draft has been restored."), " ", clear);
    clear.addEventListener("click", () => {
      memory.forget(this.name);
      this.files.clear();
      this.#fill(original, facts);
      note.remove();
      onDiscard();
    });
    this.form.before(note);
  }

  #fill(files, facts) {
    this.files.fill(files);
    for (const [at, field] of this.#fields.entries()) {
      if (field.type === "checkbox") field.checked = facts[at];
      else field.value = facts[at];
    }
  }

  get #fields() {
    return DETAILS.map((name) => this.form.elements[name]).filter((field) => field);
  }
}

function valueOf(field) {
  return field.type === "checkbox" ? field.checked : field.value;
}
