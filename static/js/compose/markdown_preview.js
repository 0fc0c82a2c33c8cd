// Markdown on the form: how it will look, in the place of the box it is written in.
import { make } from "../page/dom.js";
import { gettext } from "../page/messages.js";

export class Preview {
  #asked = 0;

  constructor(editor) {
    this.box = editor.box;
    this.under = editor.under;
    this.place = make("div", { className: "markdown preview", role: "region", ariaLabel: gettext("Preview"), tabIndex: 0, hidden: true });
    this.button = make("button", { type: "button", className: "tool preview", textContent: gettext("Preview"), ariaPressed: "false", hidden: true });
    this.button.addEventListener("click", () => (this.place.hidden ? this.#show() : this.#hide({ focus: true })));
    this.box.before(this.button);
    this.box.after(this.place);
  }

  // Be there for a text in this language, or not.
  offer(language) {
    this.button.hidden = language !== "markdown";
    if (this.button.hidden && !this.place.hidden) this.#hide();
  }

  async #show() {
    const asked = ++this.#asked;
    const { render } = await import("../markdown/render.js");
    const shown = await render(this.box.value, { below: 1 });
    if (asked !== this.#asked) return;
    const sorry = shown ? gettext("There is nothing to show yet.") : gettext("This takes too long to be shown.");
    this.place.replaceChildren(...(shown?.length ? shown : [make("p", { className: "muted", textContent: sorry })]));
    this.#swap(true);
  }

  #hide({ focus = false } = {}) {
    this.#asked++;
    this.#swap(false);
    if (focus) this.box.focus();
  }

  #swap(on) {
    this.place.style.setProperty("--height", `${this.box.offsetHeight}px`);
    this.place.hidden = !on;
    this.box.hidden = on;
    this.under.hidden = on;
    this.button.ariaPressed = String(on);
  }
}
